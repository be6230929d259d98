//! Listeners, the client dialects and the operator API.
