//! Which resource a path names: `/{tenant}/controller/v1/{controllerId}` and what is below it.
//!
//! The tenant is a product's name, or `DEFAULT` for whichever product the device belongs to.

use otary_fleet::{ActionId, DeviceName, ProductName};

use crate::http1::Method;

/// What a path names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// As it stands in the path.
    pub(crate) tenant: String,
    /// The product, if the tenant is one.
    pub(crate) product: Option<ProductName>,
    /// The device.
    pub(crate) name: DeviceName,
    pub(crate) resource: Resource,
}

/// A resource of a device.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// The device itself.
    Poll,
    /// What it tells.
    Told(ToldAt),
    /// What it is shown of an action.
    Shown(ShownAt),
    /// A file of an action.
    File(ActionId, String),
}

/// Where a device tells something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToldAt {
    /// Its attributes.
    ConfigData,
    /// Reports on an action.
    Deployment(ActionId),
    /// Reports on the request to give an action up.
    Cancel(ActionId),
    /// Its agreement to an action.
    Confirmation(ActionId),
    /// Its agreement to all actions.
    AutoConfirm,
    /// The end of that.
    NoAutoConfirm,
}

/// What a device is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShownAt {
    /// What an action asks for.
    Deployment(ActionId),
    /// An action that is over.
    Installed(ActionId),
    /// The action that is to be given up.
    Cancel(ActionId),
    /// What it agreed to.
    Agreement,
    /// What it is to agree to.
    Confirmation(ActionId),
    /// The files of an action.
    Files(ActionId),
}

impl ToldAt {
    pub(crate) const fn method(self) -> Method {
        match self {
            Self::ConfigData => Method::Put,
            _ => Method::Post,
        }
    }

    pub(crate) const fn method_name(self) -> &'static str {
        match self {
            Self::ConfigData => "PUT",
            _ => "POST",
        }
    }
}

/// A path is one of this protocol's, and names nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoResource;

/// Reads a path. None: it is not one of this protocol's.
pub(crate) fn call(path: &str) -> Option<Result<Call, NoResource>> {
    let (tenant, rest) = path.strip_prefix('/')?.split_once('/')?;
    let rest = rest.strip_prefix("controller/v1/")?;
    Some(named(tenant, rest).ok_or(NoResource))
}

fn named(tenant: &str, rest: &str) -> Option<Call> {
    let mut segments = rest.trim_end_matches('/').split('/');
    let name = decoded(segments.next()?)?.parse().ok()?;
    let below: Vec<&str> = segments.collect();
    let product = if tenant.eq_ignore_ascii_case("DEFAULT") { None } else { Some(tenant.parse().ok()?) };
    Some(Call { tenant: tenant.to_owned(), product, name, resource: resource(&below)? })
}

fn resource(below: &[&str]) -> Option<Resource> {
    let told = |told| Some(Resource::Told(told));
    let shown = |shown| Some(Resource::Shown(shown));
    match *below {
        [] => Some(Resource::Poll),
        ["configData"] => told(ToldAt::ConfigData),
        ["deploymentBase", id] => shown(ShownAt::Deployment(number(id)?)),
        ["deploymentBase", id, "feedback"] => told(ToldAt::Deployment(number(id)?)),
        ["cancelAction", id] => shown(ShownAt::Cancel(number(id)?)),
        ["cancelAction", id, "feedback"] => told(ToldAt::Cancel(number(id)?)),
        ["installedBase", id] => shown(ShownAt::Installed(number(id)?)),
        ["confirmationBase"] => shown(ShownAt::Agreement),
        ["confirmationBase", "activateAutoConfirm"] => told(ToldAt::AutoConfirm),
        ["confirmationBase", "deactivateAutoConfirm"] => told(ToldAt::NoAutoConfirm),
        ["confirmationBase", id] => shown(ShownAt::Confirmation(number(id)?)),
        ["confirmationBase", id, "feedback"] => told(ToldAt::Confirmation(number(id)?)),
        ["softwaremodules", id, "artifacts"] => shown(ShownAt::Files(number(id)?)),
        ["softwaremodules", id, "artifacts", file] => Some(Resource::File(number(id)?, decoded(file)?)),
        _ => None,
    }
}

fn number(text: &str) -> Option<ActionId> {
    text.bytes().all(|c| c.is_ascii_digit()).then(|| text.parse().ok().map(ActionId)).flatten()
}

/// A segment with its escapes undone (RFC 3986, section 2.1). None: it is no text.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        let text =
            std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|c| c.is_ascii_hexdigit()));
        bytes.push(u8::from_str_radix(text?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resource_of(below: &str) -> Option<Resource> {
        call(&format!("/DEFAULT/controller/v1/device1{below}")).unwrap().ok().map(|call| call.resource)
    }

    #[test]
    fn the_tenant_is_a_product_or_default() {
        let product =
            |tenant: &str| call(&format!("/{tenant}/controller/v1/x")).unwrap().ok().map(|call| call.product);
        assert_eq!(product("DEFAULT"), Some(None));
        assert_eq!(product("default"), Some(None), "SWUpdate's examples write it so");
        assert_eq!(product("lamp"), Some(Some("lamp".parse().unwrap())));
        assert_eq!(product("LAMP"), None);
    }

    #[test]
    fn every_resource_of_the_reference_is_known() {
        let id = ActionId(7);
        for (below, resource) in [
            ("", Resource::Poll),
            ("/", Resource::Poll),
            ("/configData", Resource::Told(ToldAt::ConfigData)),
            ("/deploymentBase/7", Resource::Shown(ShownAt::Deployment(id))),
            ("/deploymentBase/7/feedback", Resource::Told(ToldAt::Deployment(id))),
            ("/cancelAction/7", Resource::Shown(ShownAt::Cancel(id))),
            ("/cancelAction/7/feedback", Resource::Told(ToldAt::Cancel(id))),
            ("/installedBase/7", Resource::Shown(ShownAt::Installed(id))),
            ("/confirmationBase", Resource::Shown(ShownAt::Agreement)),
            ("/confirmationBase/7", Resource::Shown(ShownAt::Confirmation(id))),
            ("/confirmationBase/7/feedback", Resource::Told(ToldAt::Confirmation(id))),
            ("/confirmationBase/activateAutoConfirm", Resource::Told(ToldAt::AutoConfirm)),
            ("/confirmationBase/deactivateAutoConfirm", Resource::Told(ToldAt::NoAutoConfirm)),
            ("/softwaremodules/7/artifacts", Resource::Shown(ShownAt::Files(id))),
            ("/softwaremodules/7/artifacts/a%20b.swu", Resource::File(id, "a b.swu".into())),
        ] {
            assert_eq!(resource_of(below), Some(resource), "{below}");
        }
        for below in
            ["/deploymentBase", "/deploymentBase/-7", "/deploymentBase/99999999999", "/x", "/configData/x"]
        {
            assert_eq!(resource_of(below), None, "{below}");
        }
    }

    #[test]
    fn what_is_no_path_of_the_protocol_is_left_to_others() {
        for path in ["/", "/update", "/update/controller", "/DEFAULT/controller/v2/x", "/a/b/controller/v1/x"]
        {
            assert_eq!(call(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_in_the_path_is_read_or_refused(rest in "[!-~]{0,60}") {
            if let Some(Ok(call)) = call(&format!("/DEFAULT/controller/v1/{rest}")) {
                prop_assert!(call.name.as_str().len() <= DeviceName::MAX);
            }
        }
    }
}
