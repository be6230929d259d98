//! Spans for OpenTelemetry: what a check-in, an operator's request and a look at the campaigns took, sent to a collector by
//! OTLP over HTTP.
//!
//! Off, it costs nothing: nobody is interested in a span, so none is made. On, spans are sent in batches by a thread of their own; a
//! collector that is away costs the spans and nothing else.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use otary_server::fetch::{Fetcher, Permission, Place, System};
use rustls::RootCertStore;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::advice::Advise;
use crate::config;
use crate::roots::system_roots;

/// How long a collector may take for a batch.
const PATIENCE: Duration = Duration::from_secs(10);

/// What sends spans, until dropped: then what waits is sent.
pub(super) struct Export {
    provider: SdkTracerProvider,
    /// What requests run on; it outlives the last of them.
    _runtime: Runtime,
}

/// Requests to the collector, by otary's own client. The collector is the operator's own setting, so it may be anywhere.
#[derive(Debug)]
struct ToCollector {
    fetcher: Arc<Hidden>,
    place: Place,
    permission: Permission,
    runtime: tokio::runtime::Handle,
}

/// A fetcher has nothing to show.
struct Hidden(Fetcher);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fetcher")
    }
}

impl Export {
    /// Sends to the collector of the settings, if there is one; with who makes the spans.
    pub(super) fn begin(settings: &config::Otel) -> Result<Option<(Self, SdkTracer)>> {
        let Some(endpoint) = &settings.endpoint else { return Ok(None) };
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let place = url.parse::<Place>().with_context(|| format!("otel.endpoint {endpoint:?}"));
        let place = place.help("it is the collector's URL, as in http://127.0.0.1:4318")?;
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("otel").enable_all().build()?;
        // Without authorities a collector that is reached without TLS is reached all the same.
        let roots = system_roots().unwrap_or_else(|_| RootCertStore::empty());
        let hosts = [place.host().to_owned()].into();
        let client = ToCollector {
            fetcher: Arc::new(Hidden(Fetcher::new(System, roots)?)),
            permission: Permission { plain_http: true, hosts, token: None },
            place,
            runtime: runtime.handle().clone(),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(url)
            .build()
            .map_err(|error| anyhow!("spans cannot be sent: {error}"))?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource =
            Resource::builder().with_service_name(settings.service.clone()).with_attribute(version).build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        let tracer = provider.tracer("otary");
        Ok(Some((Self { provider, _runtime: runtime }, tracer)))
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        // What cannot be sent any more is lost, as with a collector that is away.
        let _ = self.provider.shutdown_with_timeout(PATIENCE);
    }
}

#[async_trait::async_trait]
impl HttpClient for ToCollector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (told, answer) = oneshot::channel();
        let (fetcher, place, permission) =
            (Arc::clone(&self.fetcher), self.place.clone(), self.permission.clone());
        let (head, body) = request.into_parts();
        // The exporter waits on a thread that knows nothing of sockets.
        self.runtime.spawn(async move {
            let sent = fetcher.0.post(&place, &permission, head.headers, body, PATIENCE).await;
            // An exporter that waits no more does not want to know.
            let _ = told.send(sent);
        });
        let reply = answer.await??;
        Ok(Response::builder().status(reply.status).body(Bytes::from(reply.text))?)
    }
}
