//! What goes out to other people's servers while a server runs: mirrors are looked at, notices are told.

use std::sync::Arc;
use std::thread;

use anyhow::Result;
use otary_server::fetch::{Fetcher, System};
use otary_server::operator::{Operator, follow_mirrors, follow_notices};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::roots::system_roots;

/// Looks at the mirrors of an operator's when they are due, and tells what is worth telling.
pub struct Follower(Arc<Operator>);

/// A follower at work, until dropped. What it fetches then is not waited for: nothing of it can be half done.
pub struct Following(
    #[expect(dead_code, reason = "its end is what the thread waits for")] oneshot::Sender<()>,
);

impl Follower {
    pub const fn of(operator: Arc<Operator>) -> Self {
        Self(operator)
    }

    /// Begins, in a thread.
    pub fn start(self) -> Result<Following> {
        let (end, ended) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let follow = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = follow_mirrors(Arc::clone(&self.0)) => {}
                    () = follow_notices(self.0) => {}
                    _ = ended => {}
                }
            });
            runtime.shutdown_background();
        };
        thread::Builder::new().name("outward".into()).spawn(follow)?;
        Ok(Following(end))
    }
}

/// The same with a way to other people's servers, where this system trusts anybody. Where it does not, a mirror says so.
pub fn with_fetcher(operator: Operator) -> Operator {
    let fetcher = system_roots().map(|roots| Fetcher::new(System, roots));
    match fetcher {
        Ok(Ok(fetcher)) => operator.with_fetcher(fetcher),
        Ok(Err(_)) | Err(_) => operator,
    }
}
