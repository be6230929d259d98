//! What somebody may do, as a form says it: a role on everything, and roles on single products.

use otary_fleet::{Grants, Scope};
use otary_server::operator::ProductView;

use crate::failure::Failure;
use crate::form::Form;

/// A scope that can be given: to a token by its own word, to a person by that of the role.
pub(super) struct Choice {
    /// The scope's word, as the API takes it.
    pub(super) scope: &'static str,
    /// What people call it.
    pub(super) role: &'static str,
    /// What it allows.
    pub(super) allows: &'static str,
}

impl Choice {
    /// Those that somebody can give: nobody gives more than they have.
    pub(super) fn up_to(grants: &Grants) -> Vec<Self> {
        let highest = grants.highest();
        let own = Scope::ALL.into_iter().filter(|scope| Some(*scope) <= highest);
        own.map(Self::of).collect()
    }

    fn of(scope: Scope) -> Self {
        let allows = match scope {
            Scope::Read => "looks",
            Scope::Push => "publishes releases",
            Scope::Operate => "does all that is done to devices and releases",
            Scope::Own => "besides looks after people and settings",
        };
        Self { scope: scope.name(), role: scope.role_name(), allows }
    }
}

/// What the form gives: the field `everywhere`, and for each product `on-` and its name.
pub(super) fn given(form: &Form, products: &[ProductView]) -> Result<Grants, Failure> {
    let scope = |field: &str| {
        let word = form.given(field).map(scope_of).transpose();
        word.map_err(|()| refused(field))
    };
    let mut grants = Grants { everywhere: scope("everywhere")?, ..Grants::default() };
    for product in products.iter().map(|view| &view.product.name) {
        if let Some(scope) = scope(&format!("on-{product}"))? {
            grants.products.insert(product.clone(), scope);
        }
    }
    Ok(grants)
}

fn scope_of(word: &str) -> Result<Scope, ()> {
    Scope::ALL.into_iter().find(|scope| scope.name() == word).ok_or(())
}

fn refused(field: &str) -> Failure {
    let detail = format!("the field {field} is to be read, push, operate, own or nothing");
    Failure::refused(http::StatusCode::BAD_REQUEST, "bad-field", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_offered_to_give_more_than_they_have() {
        let offered =
            |grants: &Grants| Choice::up_to(grants).iter().map(|choice| choice.role).collect::<Vec<_>>();
        assert_eq!(offered(&Grants::everywhere(Scope::Push)), ["viewer", "publisher"]);
        assert_eq!(offered(&Grants::everywhere(Scope::Own)).last(), Some(&"owner"));
        assert!(offered(&Grants::default()).is_empty());
    }
}
