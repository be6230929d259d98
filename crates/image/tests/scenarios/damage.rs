//! A thousand random cuts and flips of real images. Needs the firmware folder; says so where it is missing.

use std::mem::discriminant;

use otary_image::{Esp8266Kind, Image, detect};

/// Changes it to look for other damage; printed, so that a failure can be repeated.
const SEED: u64 = 0x7A12;
const ROUNDS: usize = 1000;

/// xorshift64*: enough to choose places, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).unwrap() % limit
    }
}

#[test]
fn a_thousand_cuts_and_flips_of_real_images_give_an_error_or_a_true_statement() {
    let folder = std::env::var_os("OTARY_FIRMWARE").map(std::path::PathBuf::from);
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        eprintln!("skipped: OTARY_FIRMWARE names no folder of images");
        return;
    };
    println!("seed {SEED:#x}");
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|name| name.extension().is_some_and(|extension| extension == "bin" || extension == "gz"));
    names.sort();
    let files: Vec<_> = names.iter().map(|name| std::fs::read(name).unwrap()).collect();
    let mut random = Random(SEED);
    let mut refused = 0;
    for round in 0..ROUNDS {
        let index = random.below(files.len());
        let mut file = files[index].clone();
        let cut = round % 2 == 0;
        if cut {
            file.truncate(random.below(file.len()));
        } else {
            // One flip in two hits the first 512 bytes, where the headers are.
            let range = if round % 4 == 1 { file.len().min(512) } else { file.len() };
            let at = random.below(range);
            file[at] ^= 1 << random.below(8);
        }
        let name = names[index].display();
        match detect(&file) {
            Err(error) => {
                refused += 1;
                assert!(error.to_string().len() > 10, "{name}");
            }
            Ok(found) => assert!(is_true(&found, &files[index]), "{name}, round {round}: {found:?}"),
        }
    }
    println!("{refused} of {ROUNDS} refused");
    assert!(refused > ROUNDS / 2);
}

/// Whether what was found still holds although the file is damaged: the image inside is whole, or its kind promises
/// nothing about the place of the damage.
fn is_true(found: &Image, original: &[u8]) -> bool {
    let whole = detect(original).unwrap();
    if discriminant(found) != discriminant(&whole) {
        return false;
    }
    match found {
        // A checksum and a digest cover the image; where there is no digest, the header is not covered.
        Image::App(app) | Image::Bootloader(app) => {
            app.appended_digest().is_none() || original.starts_with(app.image())
        }
        // Damage inside the app is told when it is taken out; anywhere else it is not the app's.
        Image::Merged(merged) => merged.app().map_or(true, |app| is_part(app.image(), original)),
        Image::Esp8266(image) => match image.kind() {
            kind if !matches!(whole, Image::Esp8266(whole) if whole.kind() == kind) => false,
            // The CRC covers every byte.
            Esp8266Kind::Sdk | Esp8266Kind::Arduino { length_and_crc: true } => {
                original.starts_with(image.image())
            }
            // The checksum covers the data of the segments, not their headers.
            Esp8266Kind::Rom => image.segments().iter().all(|segment| is_part(image.data(segment), original)),
            Esp8266Kind::Arduino { .. } | Esp8266Kind::Rtos { .. } => false,
        },
        // What is packed is judged after unpacking, a file system by its superblock.
        Image::Gzip(_) | Image::LittleFs(_) | Image::PartitionTable(_) => true,
        _ => false,
    }
}

fn is_part(part: &[u8], whole: &[u8]) -> bool {
    let start = part.get(..64).unwrap_or(part);
    part.is_empty()
        || whole
            .windows(start.len())
            .enumerate()
            .any(|(at, window)| window == start && whole[at..].starts_with(part))
}
