//! What an answer does to a device, by its library: the number that it prints, and what can be done about it.
//!
//! Read from the libraries' sources (`HTTPUpdate.cpp`, `ESP8266httpUpdate.cpp`, `esp_https_ota.c`). An Arduino client
//! looks at the status, `Content-Length`, `Transfer-Encoding`, `x-MD5` and the first byte of the body, in this order.

use otary_image::IMAGE_MAGIC;
use otary_sim::Code;
use otary_trust::verdict::Stack;

use super::answer::Answer;
use crate::doctor::patient::Patient;
use crate::doctor::step::Cause;

/// First byte of a gzip file, which the ESP8266's boot loader unpacks.
const GZIP: u8 = 0x1F;
/// Hex digits of an MD5.
const MD5_DIGITS: usize = 32;
/// Bytes that `esp_https_ota` has to see before it begins.
const LEAST_IMAGE: u64 = 1024;

/// What the device makes of it: sentences if it goes on, else the cause.
pub(super) fn of(patient: &Patient, answer: &Answer) -> Result<Vec<String>, Cause> {
    let sentences = match (answer.status, patient.stack) {
        (200, Stack::Arduino2 | Stack::Arduino3 | Stack::Esp8266) => image_for_arduino(patient, answer),
        (200 | 206, Stack::EspIdf) => image_for_idf(patient, answer),
        (200, _) => Ok(vec!["the program gets the body, and decides".to_owned()]),
        (304, stack) => Ok(no_update(stack)),
        _ => Err(refused(patient, answer)),
    }?;
    if answer.breaks_off { Err(broken_off(patient, answer)) } else { Ok(sentences) }
}

fn broken_off(patient: &Patient, answer: &Answer) -> Cause {
    let (came, said) = (answer.body.len(), answer.length().unwrap_or_default());
    Cause::new(
        format!("the image breaks off: of its {said} bytes {came} come"),
        "look at the server's log, and at a proxy that stands between it and the device",
        printed(patient, Code::UPDATE_STREAM.0),
    )
}

fn no_update(stack: Stack) -> Vec<String> {
    let prints = match stack {
        Stack::Arduino2 | Stack::Arduino3 | Stack::Esp8266 => "the device prints HTTP_UPDATE_NO_UPDATES",
        Stack::EspIdf => "the device gets ESP_ERR_HTTP_NOT_MODIFIED",
        Stack::MicroPython | Stack::Rust => "the program gets the status 304",
    };
    vec![
        prints.to_owned(),
        "that is the answer to a device that nobody knows; `otary device show MAC` says what a real one is answered"
            .to_owned(),
    ]
}

/// The checks of a 200, in the library's order.
fn image_for_arduino(patient: &Patient, answer: &Answer) -> Result<Vec<String>, Cause> {
    let fails = |code, cause: String, help: &str| Err(Cause::new(cause, help, printed(patient, code)));
    let coding = answer.field("transfer-encoding").map(str::to_ascii_lowercase);
    let unknown = |coding: &&str| *coding != "chunked" && (*coding != "identity" || is_8266(patient));
    if let Some(coding) = coding.as_deref().filter(unknown) {
        let cause = format!("the server sends the body in a form that no device decodes ({coding})");
        return fails(-9, cause, "let it send no Transfer-Encoding");
    }
    if answer.length().is_none_or(|length| length == 0) {
        let cause = "the server sends a body without saying its length (Content-Length)".to_owned();
        return fails(-101, cause, "let it send Content-Length, and no Transfer-Encoding: chunked");
    }
    if coding.as_deref() == Some("chunked") {
        let cause = "the server sends the body in pieces (Transfer-Encoding: chunked)".to_owned();
        return fails(
            -106,
            cause,
            "let it send the body as it is: HTTP/1.0 clients take the pieces for firmware",
        );
    }
    let digest = answer.field("x-md5");
    if let Some(digest) = digest.filter(|digest| digest.len() != MD5_DIGITS) {
        let cause = format!("x-MD5 has {} characters, not {MD5_DIGITS}", digest.chars().count());
        return fails(-105, cause, "let it be the MD5 of the bytes sent, in hex, without quotes");
    }
    let first = answer.body.first().copied();
    let gzip = is_8266(patient) && first == Some(GZIP);
    if first != Some(IMAGE_MAGIC) && !gzip {
        let cause = "the body is no firmware: it does not begin with 0xE9".to_owned();
        return fails(
            -106,
            cause,
            "look what the URL serves: a web page, or a merged image, is no app image",
        );
    }
    if digest.is_some_and(|digest| patient.stack == Stack::Arduino2 && digest.chars().any(char::is_uppercase))
    {
        let cause = "x-MD5 is in upper case, which core 2.x compares with lower case".to_owned();
        return fails(7, cause, "write it in lower case, which every core takes");
    }
    let checked = if digest.is_some() { "" } else { "; without x-MD5 it checks less" };
    Ok(vec![format!("the device installs this image{checked}")])
}

fn is_8266(patient: &Patient) -> bool {
    patient.stack == Stack::Esp8266
}

fn image_for_idf(patient: &Patient, answer: &Answer) -> Result<Vec<String>, Cause> {
    if answer.body.first() != Some(&IMAGE_MAGIC) || answer.length().is_some_and(|length| length < LEAST_IMAGE)
    {
        return Err(Cause::new(
            "the body is no app image: it does not begin with 0xE9, or has less than 1024 bytes",
            "look what the URL serves",
            printed(patient, -106),
        ));
    }
    Ok(vec!["esp_https_ota installs this image".to_owned()])
}

fn refused(patient: &Patient, answer: &Answer) -> Cause {
    let said = answer.text().map_or_else(String::new, |text| format!(": {text:?}"));
    let cause = format!("the server answers {} {}{said}", answer.status, answer.reason);
    Cause::new(cause, advice(patient, answer), printed(patient, code(patient.stack, answer.status)))
}

fn advice(patient: &Patient, answer: &Answer) -> String {
    let help = match answer.status {
        401 => "the server wants to know who asks: give the sketch what it wants (setAuthorization)",
        403 if !patient.url.secure => {
            "plain HTTP is not allowed for this: use the https URL, or `otary product set PRODUCT --allow-plain-http`"
        }
        403 => {
            "the server does not give this to everybody: look at its log, and whether the product is private"
        }
        404 => "look at the path in the URL: /update, or /update/PRODUCT with a product that exists",
        400 if !patient.url.secure => "if that port speaks HTTPS, write https:// in the URL",
        400 if !matches!(patient.stack, Stack::Arduino2 | Stack::Arduino3 | Stack::Esp8266) => {
            "this client says nothing of itself, so /update cannot answer it: give it the URL of an image"
        }
        301 | 302 | 303 | 307 | 308 => {
            let target = answer.field("location").unwrap_or("where it leads");
            return format!("put the last URL into the sketch: {target}");
        }
        204 => "let the server say \"no update\" by 304, which every version understands",
        429 => "the server has had enough of this address for now: wait, and look at its limits",
        500..=599 => "look at the server's log for the same moment",
        _ => "look at the server's log, and whether the URL is the one that is meant for devices",
    };
    help.to_owned()
}

/// The number of Arduino's update library for a status other than 200 and 304.
const fn code(stack: Stack, status: u16) -> i32 {
    match (status, stack) {
        (401, Stack::Esp8266) => -108,
        (403, _) => -103,
        (404, _) => -102,
        _ => -104,
    }
}

/// What the device prints for one of that library's numbers, or what ESP-IDF says in its place.
pub(super) fn printed(patient: &Patient, code: i32) -> Option<String> {
    Some(match patient.stack {
        Stack::Esp8266 if code == -108 => "(-108): Unauthorized (401)".to_owned(),
        // Its updater puts the number before the words once more.
        Stack::Esp8266 if code == Code::UPDATE_STREAM.0 => {
            format!("({code}): Update error: ERROR[{code}]: Stream Read Timeout")
        }
        Stack::Arduino2 | Stack::Arduino3 | Stack::Esp8266 => Code(code).to_string(),
        Stack::EspIdf => "ESP_FAIL".to_owned(),
        Stack::MicroPython | Stack::Rust => return None,
    })
}
