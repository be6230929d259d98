//! Whether a server sends shorter records to a device that asks for them (`max_fragment_length`, RFC 6066, section 4).
//! rustls does not ask, so the question is put here, in a handshake that ends with the server's first message.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::patient::Patient;
use super::tcp;
use super::wire::Wire;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most that is read of its answer, in bytes.
const MOST: usize = 4096;

/// Sizes that can be asked for, with their codes.
const SIZES: [(usize, u8); 4] = [(4096, 4), (2048, 3), (1024, 2), (512, 1)];

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const TLS_1_2: [u8; 2] = [3, 3];

const SERVER_NAME: u16 = 0;
const MAX_FRAGMENT_LENGTH: u16 = 1;
const SUPPORTED_GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
/// P-256, P-384, P-521.
const GROUPS: [u16; 3] = [23, 24, 25];
/// ECDSA and RSA PKCS#1 with SHA-256, -384 and -512.
const SIGNATURES: [u16; 6] = [0x0403, 0x0503, 0x0603, 0x0401, 0x0501, 0x0601];

/// What a device of this stack asks for, in bytes; nothing if it does not ask or its buffer holds every record.
pub fn wanted(patient: &Patient) -> Option<usize> {
    let offer = patient.stack.handshake();
    let asks = offer.asks_for_less && patient.receives() < offer.receive;
    SIZES.iter().map(|(size, _)| *size).find(|size| asks && *size <= patient.receives())
}

/// Asks the server for records of at most `size` bytes, and says whether it grants that.
pub fn grants(patient: &Patient, address: SocketAddr, size: usize) -> io::Result<bool> {
    let code = SIZES.iter().find(|(known, _)| *known == size).map_or(0, |(_, code)| *code);
    let mut wire = Wire::new(TcpStream::connect_timeout(&address, tcp::PATIENCE)?, PATIENCE)?;
    wire.write_all(&client_hello(patient, code))?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    while bytes.len() < MOST {
        if let Some(hello) = server_hello(&bytes) {
            return Ok(granted(hello) == Some(code));
        }
        match wire.read(&mut buffer)? {
            0 => break,
            length => bytes.extend_from_slice(buffer.get(..length).unwrap_or_default()),
        }
    }
    Ok(false)
}

/// The first message of a handshake by TLS 1.2, in a record.
fn client_hello(patient: &Patient, code: u8) -> Vec<u8> {
    let suites = patient.stack.handshake().suites;
    let mut extensions = Vec::new();
    if patient.url.address().is_none() {
        let name = [&[0][..], &sized(patient.url.host.as_bytes())].concat();
        extensions.extend(extension(SERVER_NAME, &sized(&name)));
    }
    extensions.extend(extension(SIGNATURE_ALGORITHMS, &sized(&numbers(&SIGNATURES))));
    extensions.extend(extension(SUPPORTED_GROUPS, &sized(&numbers(&GROUPS))));
    extensions.extend(extension(POINT_FORMATS, &[1, 0]));
    extensions.extend(extension(MAX_FRAGMENT_LENGTH, &[code]));
    // The handshake is never finished, so its random bytes protect nothing.
    let random = [0x0D; 32];
    let (session, compression) = ([0], [1, 0]);
    let body = [&TLS_1_2[..], &random, &session, &sized(&numbers(suites)), &compression, &sized(&extensions)];
    let body = sized(&body.concat());
    let message = [&[CLIENT_HELLO, 0][..], &body].concat();
    [&[HANDSHAKE][..], &TLS_1_2, &sized(&message)].concat()
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &sized(content)].concat()
}

/// The bytes behind their length in two bytes; all of ours are short.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

fn numbers(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// The server's first message, once it is whole; it stands in one record.
fn server_hello(bytes: &[u8]) -> Option<&[u8]> {
    let (header, rest) = bytes.split_first_chunk::<5>()?;
    let (HANDSHAKE, length) = (header[0], u16::from_be_bytes([header[3], header[4]])) else { return None };
    let record = rest.get(..length.into())?;
    let (header, rest) = record.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes([0, header[1], header[2], header[3]]);
    (header[0] == SERVER_HELLO).then(|| rest.get(..usize::try_from(length).ok()?))?
}

/// The code of the size that a server's first message grants.
fn granted(hello: &[u8]) -> Option<u8> {
    const FIXED: usize = 2 + 32;
    const SUITE_AND_COMPRESSION: usize = 3;
    let (session, rest) = hello.get(FIXED..)?.split_first()?;
    let rest = rest.get(usize::from(*session) + SUITE_AND_COMPRESSION..)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let mut extensions = rest.get(..u16::from_be_bytes(*length).into())?;
    while let Some((header, rest)) = extensions.split_first_chunk::<4>() {
        let content = rest.get(..u16::from_be_bytes([header[2], header[3]]).into())?;
        if u16::from_be_bytes([header[0], header[1]]) == MAX_FRAGMENT_LENGTH {
            return content.first().copied();
        }
        extensions = rest.get(content.len()..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A first message of a server with these extensions, in a record.
    fn hello(extensions: &[u8]) -> Vec<u8> {
        let body = [&[3, 3][..], &[7; 32], &[2, 9, 9], &[0xC0, 0x2B, 0], &sized(extensions)].concat();
        let message = [&[SERVER_HELLO, 0][..], &sized(&body)].concat();
        [&[HANDSHAKE, 3, 3][..], &sized(&message)].concat()
    }

    #[test]
    fn a_grant_is_found_among_other_extensions() {
        let others = extension(POINT_FORMATS, &[1, 0]);
        let both = [others.clone(), extension(MAX_FRAGMENT_LENGTH, &[2])].concat();
        assert_eq!(server_hello(&hello(&both)).and_then(granted), Some(2));
        assert_eq!(server_hello(&hello(&others)).and_then(granted), None);
        assert_eq!(server_hello(&hello(&[])).and_then(granted), None);
    }

    #[test]
    fn no_bytes_of_a_server_are_too_few_or_too_wild() {
        let whole = hello(&extension(MAX_FRAGMENT_LENGTH, &[2]));
        for length in 0..whole.len() {
            assert_eq!(server_hello(&whole[..length]), None, "{length} bytes");
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut wild = whole.clone();
                wild[at] = value;
                let _ = server_hello(&wild).and_then(granted);
            }
        }
    }
}
