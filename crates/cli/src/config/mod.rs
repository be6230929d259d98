//! Settings: from a file, the environment and the command line, each with where it came from.
//!
//! Later wins: what otary would do by itself, then the settings file, then `OTARY_*` variables, then flags. A key that
//! otary does not know is refused, wherever it stands: a mistyped setting never passes for one that works.

mod layers;
mod listen;
mod published;
mod quantity;
mod refusal;
mod values;

pub use layers::{Flag, Layers, Setting, Settings};
pub use listen::Listen;
pub use published::Published;
pub use quantity::{Size, Span};
pub use values::{Ddns, Log, LogFormat, Mail, Otel, Tls, TlsOfName, Trust, Values, default_data};
