//! A 16550 that nobody polls holds 16 bytes: the host speaks in turns only. And turns must not cost
//! the line much.

use std::time::Duration;

use harness::link::{Answer, PlanBytes};
use proptest::prelude::*;
use wire::guest::{Delivery, Greeting, GuestLink, PlanAtHand};
use wire::{HostPresence, MAX_PLAN, Record};

use crate::cable::{Adapter, BYTE, Cable, Counts};
use crate::noise::Noise;
use crate::{BUILD, SESSION, encoded, plan, records, say};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_prompt_host_never_speaks_outside_a_turn(
        seed: u64,
        latency in (0..5_u64).prop_map(Duration::from_millis),
        noise in prop_oneof![Just(Noise::NONE), Just(Noise::BAD)],
    ) {
        let mut cable =
            Cable::with_noise(Some(Answer::Plan(PlanBytes::from(&plan()))), noise, Noise::NONE, seed);
        cable.latency = latency;
        let (mut log, mut buffer) = (vec![0; 1 << 20], vec![0; MAX_PLAN]);
        let mut link = GuestLink::new(cable, &mut log, SESSION, BUILD);
        let greeting = link.greet(HostPresence::Certain, PlanAtHand::DefaultOnly, &mut buffer);
        prop_assert!(matches!(greeting, Greeting::Plan(_)));
        prop_assert_eq!(say(&mut link, &records(20)), Delivery::Acknowledged);
        let cable = link.into_port();
        prop_assert_eq!(cable.counts, Counts { outside_turns: 0, overruns: 0, ..cable.counts });
        prop_assert_eq!(&cable.heard.records, &encoded(&records(20)));
    }
}

#[test]
fn a_late_host_overruns_the_receiver_and_loses_nothing_but_time() {
    let mut cable = Cable::new(Some(Answer::Start), Noise::NONE, 0);
    cable.latency = Duration::from_millis(300);
    let mut log = vec![0; 1 << 20];
    let mut link = GuestLink::new(cable, &mut log, SESSION, BUILD);
    link.greet(HostPresence::Uncertain, PlanAtHand::Brought, &mut []);
    assert_eq!(say(&mut link, &records(60)), Delivery::Acknowledged);
    let cable = link.into_port();
    assert!(cable.counts.outside_turns > 0 && cable.counts.overruns > 0, "{:?}", cable.counts);
    assert_eq!(cable.heard.records, encoded(&records(60)));
}

/// How much of the line's time a stream of 300 kB takes that comes in cells of 3 kB, and how much of it
/// is payload.
fn use_of_the_line(adapter: Adapter, latency: Duration) -> (f64, f64) {
    let mut cable = Cable::new(Some(Answer::Start), Noise::NONE, 0);
    (cable.adapter, cable.latency) = (adapter, latency);
    let mut log = vec![0; 1 << 20];
    let mut link = GuestLink::new(cable, &mut log, SESSION, BUILD);
    link.greet(HostPresence::Certain, PlanAtHand::Brought, &mut []);
    let (start, greeted) = (link.port_mut().now(), link.port_mut().counts.sent);
    let values = [0xA5; 1500];
    let mut payload = 0;
    for cell in 0..200 {
        let samples = Record::Samples { cell, op: "fault_cow", first: 0, values: &values };
        link.record(&samples).expect("the log is large");
        payload += values.len();
        link.flush();
    }
    assert_eq!(link.finish(), Delivery::Acknowledged);
    let cable = link.into_port();
    let carried = cable.now().saturating_sub(start).as_secs_f64() / BYTE.as_secs_f64();
    let sent = cable.counts.sent - greeted;
    (exact(sent) / carried, exact(payload as u64) / carried)
}

#[test]
fn the_line_is_used_to_95_percent_at_115200_baud() {
    for (adapter, latency) in [(Adapter::NONE, 1), (Adapter::USB, 1), (Adapter::USB, 16)] {
        let (busy, payload) = use_of_the_line(adapter, Duration::from_millis(latency));
        println!("{adapter:?}, {latency} ms: {busy:.4} busy, {payload:.4} payload");
        assert!(
            busy >= 0.95 && payload >= 0.9,
            "{adapter:?}: {busy:.3} busy, {payload:.3} payload"
        );
    }
}

/// A count of bytes, of which there are few enough.
fn exact(bytes: u64) -> f64 {
    u32::try_from(bytes).expect("no test sends 4 GiB").into()
}
