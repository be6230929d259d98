//! What a check-in is taken for: its product, what it runs, its chip.

use otary_image::Chip;

use super::View;
use crate::{Artifact, CheckIn, Dialect, Kind, Product, Reason};

/// From the URL, else from the digest of what runs, else as the operator assigned, else the only one there is. A private
/// product is found by the digest for those alone who may have its images.
pub(super) fn product<'a>(
    check_in: &CheckIn,
    view: View<'a>,
    of_build: Option<&'a Product>,
) -> Result<&'a Product, Reason> {
    let catalogue = view.catalogue;
    if let Some(name) = &check_in.product {
        return catalogue.product(name).ok_or_else(|| Reason::UnknownProduct { product: name.clone() });
    }
    let assigned = view.device.and_then(|device| device.product.as_ref());
    of_build
        .or_else(|| catalogue.product(assigned?))
        .or_else(|| catalogue.only_product())
        .ok_or(Reason::NoProduct { build: check_in.build })
}

/// The product that the digest of what runs belongs to, where the URL names none.
pub(super) fn product_of_build<'a>(check_in: &CheckIn, view: View<'a>) -> Option<&'a Product> {
    let running = view.catalogue.running(&check_in.build).filter(|_| check_in.product.is_none())?;
    view.catalogue.product_of(&running.id)
}

/// The artifact that runs, as far as it is known to whoever may have `product`: an image of private products alone is
/// a build like any other elsewhere, or the answer would tell that it is here.
pub(super) fn running<'a>(check_in: &CheckIn, view: View<'a>, product: &Product) -> Option<&'a Artifact> {
    let catalogue = view.catalogue;
    let shown = |artifact: &&Artifact| {
        !catalogue.is_private(&artifact.id) || catalogue.release_of(&product.name, &artifact.id).is_some()
    };
    catalogue.running(&check_in.build).filter(shown)
}

/// A private product is for those alone who showed that they may have it. Nothing more is found out for others, and
/// every dialect answers them as if there were no such product.
pub(super) fn opens(check_in: &CheckIn, view: View<'_>, product: &Product) -> Result<(), Reason> {
    let (shown, needed) = (check_in.proof, product.required_proof());
    if product.opens_to(shown, view.device) {
        let enough = shown >= check_in.dialect.required_proof();
        return if enough { Ok(()) } else { Err(Reason::Unauthenticated { product: product.name.clone() }) };
    }
    Err(Reason::NotProven { product: product.name.clone(), shown, needed })
}

/// From the digest of what runs, else from the URL's query, else as the operator said, else the product's only one.
/// A file system is for no chip in particular.
pub(super) fn chip(
    check_in: &CheckIn,
    view: View<'_>,
    running: Option<&Artifact>,
    product: &Product,
) -> Result<Option<Chip>, Reason> {
    let chip = running
        .and_then(|artifact| artifact.chip)
        .or(check_in.chip)
        .or_else(|| view.device?.chip)
        .or_else(|| view.catalogue.only_chip(product))
        .or_else(|| check_in.dialect.only_chip());
    match chip {
        Some(chip) if !check_in.dialect.runs_on(chip) => {
            Err(Reason::ChipContradicts { chip, dialect: check_in.dialect })
        }
        None if check_in.dialect == Dialect::Hawkbit => Ok(None),
        None if check_in.mode.kind() == Kind::App && view.catalogue.has_apps(&product.name) => {
            Err(Reason::ChipUnknown { product: product.name.clone() })
        }
        chip => Ok(chip),
    }
}
