//! Hosts that come late, leave, or cannot speak.

use std::ops::ControlFlow;
use std::time::Duration;

use harness::link::{Answer, Notice};
use wire::HostPresence;
use wire::guest::{Delivery, Greeting, GuestLink, PlanAtHand};

use crate::cable::Cable;
use crate::noise::Noise;
use crate::{BUILD, SESSION, encoded, end, records, say};

/// A guest that nobody listened to; `then` goes on with it.
fn alone<T>(cells: u32, then: impl FnOnce(&mut GuestLink<'_, Cable>) -> T) -> T {
    let mut log = vec![0; 1 << 20];
    let mut link = GuestLink::new(Cable::new(None, Noise::NONE, 0), &mut log, SESSION, BUILD);
    let greeting = link.greet(HostPresence::Uncertain, PlanAtHand::DefaultOnly, &mut []);
    assert_eq!(greeting, Greeting::Alone);
    assert_eq!(say(&mut link, &records(cells)), Delivery::Unconfirmed);
    then(&mut link)
}

/// Lingers until the cable's time is `end`.
fn linger_until(link: &mut GuestLink<'_, Cable>, end: Duration) -> Vec<Delivery> {
    let mut outcomes = Vec::new();
    while link.port_mut().now() < end {
        link.linger(|delivery| {
            outcomes.push(delivery);
            ControlFlow::Break(())
        });
    }
    outcomes
}

/// Lingers until somebody confirms, or `dones` times.
fn linger(link: &mut GuestLink<'_, Cable>, mut dones: u32) -> Delivery {
    let mut outcome = Delivery::Unconfirmed;
    link.linger(|delivery| {
        outcome = delivery;
        dones -= 1;
        if delivery == Delivery::Acknowledged || dones == 0 {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    outcome
}

#[test]
fn a_host_plugged_in_later_hears_everything_within_seconds() {
    alone(30, |link| {
        let long_after = link.port_mut().now() + Duration::from_mins(10);
        linger_until(link, long_after);
        let plugged = link.port_mut().now();
        link.port_mut().plug(Answer::Start);
        assert_eq!(linger(link, 3), Delivery::Acknowledged);
        let cable = link.port_mut();
        let waited = cable.now().saturating_sub(plugged);
        assert!(waited < Duration::from_secs(8), "{waited:?}");
        assert_eq!(cable.heard.records, encoded(&records(30)));
        assert_eq!(cable.heard.notices, [Notice::Joined, Notice::Complete]);
        assert!(end(cable).complete);
    });
}

#[test]
fn a_second_host_hears_everything_as_well() {
    alone(10, |link| {
        for _ in 0..2 {
            link.port_mut().plug(Answer::Start);
            assert_eq!(linger(link, 3), Delivery::Acknowledged);
            assert_eq!(link.port_mut().heard.records, encoded(&records(10)));
        }
    });
}

#[test]
fn a_line_without_a_way_back_delivers_a_complete_recording() {
    let said = records(30);
    let mut log = vec![0; 1 << 20];
    let cable = Cable::new(Some(Answer::Silent), Noise::NONE, 0);
    let mut link = GuestLink::new(cable, &mut log, SESSION, BUILD);
    link.greet(HostPresence::Uncertain, PlanAtHand::DefaultOnly, &mut []);
    assert_eq!(say(&mut link, &said), Delivery::Unconfirmed);
    let mut cable = link.into_port();
    cable.deliver();
    assert_eq!(cable.heard.records, encoded(&said));
    assert!(end(&mut cable).complete);
}

#[test]
fn a_late_listener_who_cannot_ask_and_loses_frames_still_gets_everything() {
    let said = records(30);
    let mut log = vec![0; 1 << 20];
    let cable = Cable::new(None, Noise::LOSSY, 3);
    let mut link = GuestLink::new(cable, &mut log, SESSION, BUILD);
    assert_eq!(say(&mut link, &said), Delivery::Unconfirmed);
    link.port_mut().plug(Answer::Silent);
    // Six rounds of the carousel.
    assert_eq!(linger(&mut link, 5 + 10 + 20 + 40 + 80 + 160 + 1), Delivery::Unconfirmed);
    let cable = link.port_mut();
    cable.deliver();
    assert_eq!(cable.heard.records, encoded(&said));
    let ending = end(cable);
    assert!(ending.complete && ending.counters.lost_frames > 0, "{:?}", ending.counters);
}

#[test]
fn a_host_that_starts_again_twice_in_mid_run_gets_everything() {
    let said = records(30);
    let mut log = vec![0; 1 << 20];
    let cable = Cable::new(Some(Answer::Start), Noise::NONE, 0);
    let mut link = GuestLink::new(cable, &mut log, SESSION, BUILD);
    link.greet(HostPresence::Certain, PlanAtHand::Brought, &mut []);
    for some in said.chunks(said.len() / 3) {
        for record in some {
            link.record(record).expect("the log is large");
        }
        link.flush();
        link.port_mut().plug(Answer::Start);
    }
    assert_eq!(link.finish(), Delivery::Acknowledged);
    let mut cable = link.into_port();
    assert_eq!(cable.heard.records, encoded(&said));
    assert_eq!(cable.heard.notices, [Notice::Joined, Notice::Complete]);
    assert!(end(&mut cable).complete);
}

#[test]
fn a_host_that_sleeps_for_ten_seconds_is_heard_again_at_the_next_turn() {
    let said = records(60);
    let mut log = vec![0; 1 << 20];
    let cable = Cable::new(Some(Answer::Start), Noise::NONE, 0);
    let mut link = GuestLink::new(cable, &mut log, SESSION, BUILD);
    link.greet(HostPresence::Uncertain, PlanAtHand::Brought, &mut []);
    link.port_mut().sleep(Duration::from_secs(10));
    assert_eq!(say(&mut link, &said), Delivery::Acknowledged);
    let mut cable = link.into_port();
    assert_eq!(cable.heard.records, encoded(&said));
    assert!(end(&mut cable).complete);
}
