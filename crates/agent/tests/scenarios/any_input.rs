//! Whatever a driver and a peer do, the agent never panics and never selects a slot whose content is not the signed one.

use otary_agent::{Input, Lost, Millis, Step};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::board::Board;
use crate::server::{Release, Server};
use crate::update::{new, old};

#[derive(Debug, Clone)]
enum Any {
    Tick(u64),
    Head(u16, u32, Option<u32>, Option<u32>),
    Noise(Vec<u8>),
    /// What belongs here: the answer, or the next piece of the payload, perhaps with a flipped bit.
    Right(bool),
    Ended,
    Lost(Lost),
    SelfTest(bool),
    Power,
}

fn happening() -> impl Strategy<Value = Any> {
    let lost = prop_oneof![
        Just(Lost::NoAddress),
        Just(Lost::Stalled),
        Just(Lost::Closed),
        any::<bool>().prop_map(|dates_only| Lost::Handshake { dates_only }),
    ];
    let head = (
        prop_oneof![Just(200), Just(206), Just(404), Just(503)],
        prop_oneof![Just(0), 0..40_000_u32],
        prop_oneof![Just(None), Just(Some(30_000)), any::<u32>().prop_map(Some)],
        prop_oneof![Just(None), any::<u32>().prop_map(Some)],
    );
    prop_oneof![
        2 => (0..100_000_u64).prop_map(Any::Tick),
        1 => head.prop_map(|(status, from, length, retry)| Any::Head(status, from, length, retry)),
        1 => prop::collection::vec(any::<u8>(), 0..5000).prop_map(Any::Noise),
        20 => prop::bool::weighted(0.02).prop_map(Any::Right),
        1 => Just(Any::Ended),
        1 => lost.prop_map(Any::Lost),
        1 => any::<bool>().prop_map(Any::SelfTest),
        1 => Just(Any::Power),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_panics_and_only_the_signed_content_is_selected(inputs in prop::collection::vec(happening(), 1..150)) {
        let mut server = Server::offering(Release::new(7, new()));
        let signed: [u8; 32] = Sha256::digest(new()).into();
        let mut board = Board::<4>::new(&old());
        let slot = board.bootloader();
        let (mut agent, mut step) = board.start(slot);
        let mut at = 0_usize;
        for input in inputs {
            if let Step::Fetch { from, .. } = step {
                at = from as usize;
            }
            if matches!(input, Any::Power) || step == Step::Restart {
                let slot = board.bootloader();
                prop_assert!(slot == 0 || Sha256::digest(&board.slot(1)[..new().len()])[..] == signed);
                (agent, step) = board.start(slot);
                continue;
            }
            step = match input {
                Any::Tick(pause) => {
                    board.uptime = board.uptime.plus(Millis(pause));
                    board.step(&mut agent, Input::Tick)
                }
                Any::Head(status, from, length, retry_after) => {
                    board.step(&mut agent, Input::Head { status, from, length, retry_after })
                }
                Any::Noise(bytes) => board.step(&mut agent, Input::Body(&bytes[..bytes.len().min(4096)])),
                Any::Right(flipped) => match step {
                    Step::CheckIn => {
                        let mut text = [0; 512];
                        let mut answer = server.answer(agent.check_in(&mut text).unwrap());
                        answer[0] ^= u8::from(flipped);
                        let head = Input::Head { status: 200, from: 0, length: None, retry_after: None };
                        board.step(&mut agent, head);
                        board.step(&mut agent, Input::Body(&answer))
                    }
                    Step::Fetch { from, .. } => {
                        board.step(&mut agent, Input::Head { status: 206, from, length: None, retry_after: None })
                    }
                    Step::Read => {
                        let mut piece = new()[at.min(new().len())..].iter().copied().take(4096).collect::<Vec<_>>();
                        at += piece.len();
                        if let Some(first) = piece.first_mut() {
                            *first ^= u8::from(flipped);
                        }
                        board.step(&mut agent, Input::Body(&piece))
                    }
                    Step::Sleep { until } => {
                        board.uptime = board.uptime.max(until);
                        board.step(&mut agent, Input::Tick)
                    }
                    Step::SelfTest => board.step(&mut agent, Input::SelfTest(!flipped)),
                    Step::Working | Step::Restart => board.step(&mut agent, Input::Tick),
                },
                Any::Ended => board.step(&mut agent, Input::Ended),
                Any::Lost(lost) => board.step(&mut agent, Input::Lost(lost)),
                Any::SelfTest(works) => board.step(&mut agent, Input::SelfTest(works)),
                Any::Power => step,
            };
        }
        let otadata = board.otadata();
        let named = otadata.active().and_then(|sector| otadata.entry(sector).slot(2)).unwrap_or(0);
        prop_assert!(named == 0 || Sha256::digest(&board.slot(1)[..new().len()])[..] == signed);
    }
}
