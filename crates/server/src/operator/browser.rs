//! Browsers that signed in before. At a sign-in a browser is told something that only this server can make; shown again, it gives
//! the browser attempts of its own at that account, whatever others try meanwhile. It lets nobody in.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use otary_fleet::Sha256;
use otary_store::Store;
use zeroize::Zeroizing;

use super::problem::Problem;

/// The setting with the key. Whoever can read it reads the hashes of the passwords beside it.
const KEY: &str = "sign-in.browsers";

/// What makes and recognises such words.
pub(super) struct KnownBrowser(hmac::Key);

impl KnownBrowser {
    /// With the key of this store, which is made if there is none.
    pub(super) fn of(store: &dyn Store) -> Result<Self, Problem> {
        let kept = store.setting(KEY)?.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let key = if let Some(key) = kept.map(Zeroizing::new) {
            key
        } else {
            let key = Zeroizing::new(random()?.to_vec());
            store.put_setting(KEY, &URL_SAFE_NO_PAD.encode(key.as_slice()))?;
            key
        };
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// What a browser is told that signed in to this account: `NUMBER.PROOF`.
    pub(super) fn introduce(&self, account: &str) -> Result<String, Problem> {
        let number = URL_SAFE_NO_PAD.encode(random()?);
        let proof = URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, said(&number, account).as_bytes()));
        Ok(format!("{number}.{proof}"))
    }

    /// The browser that shows this, if it signed in to this account before.
    pub(super) fn recognise(&self, shown: &str, account: &str) -> Option<Sha256> {
        let (number, proof) = shown.split_once('.')?;
        let proof = URL_SAFE_NO_PAD.decode(proof).ok()?;
        hmac::verify(&self.0, said(number, account).as_bytes(), &proof).ok()?;
        Some(Sha256::of(number.as_bytes()))
    }
}

/// Base64 has no space in it, so no two pairs say the same.
fn said(number: &str, account: &str) -> String {
    format!("browser {number} {account}")
}

fn random() -> Result<[u8; 32], Problem> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|error| Problem::internal("no-randomness", "no session was made", error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use otary_store::Memory;

    use super::*;

    #[test]
    fn a_browser_is_known_to_the_account_that_it_signed_in_to_also_after_a_restart() {
        let store = Memory::default();
        let told = KnownBrowser::of(&store).unwrap().introduce("lena").unwrap();
        let known = KnownBrowser::of(&store).unwrap();
        assert!(known.recognise(&told, "lena").is_some());
        assert_eq!(known.recognise(&told, "ada"), None);
        assert_eq!(known.recognise(&format!("{told}A"), "lena"), None);
        assert_eq!(KnownBrowser::of(&Memory::default()).unwrap().recognise(&told, "lena"), None);
    }
}
