//! The host's end of the line, up to what a user is shown of a run.

use std::io;

use harness::link::{Answer, Notice, PlanBytes, Receiver};
use harness::results::{Run, Summary, write_samples};
use harness::session::{Heard, Stop};
use harness::verdict::{Verdict, is_complete};
use harness::{report, table};
use wire::{HostPresence, Record};

use crate::framing::{framed, pieces};

/// The first byte says how the others reach the host: as they come off the line, in frames of which only
/// the content is hostile, or as records of a stream that is whole.
pub fn host_decoder(input: &[u8]) -> usize {
    let Some((&way, rest)) = input.split_first() else { return 0 };
    let mut host = Host::new();
    match way % 3 {
        0 => host.hear_in_chunks(rest),
        1 => pieces(rest).for_each(|payload| host.hear(&framed(payload))),
        _ => pieces(rest).for_each(|record| host.read(record)),
    }
    host.finish()
}

struct Host {
    receiver: Receiver,
    run: Run,
    /// Records that could be read.
    records: usize,
}

impl Host {
    fn new() -> Self {
        let plan = PlanBytes::from(&runner::quick(HostPresence::Certain));
        Self { receiver: Receiver::new(Answer::Plan(plan)), run: Run::default(), records: 0 }
    }

    /// The first byte is the size of the chunks, less 1.
    fn hear_in_chunks(&mut self, line: &[u8]) {
        let Some((&size, line)) = line.split_first() else { return };
        line.chunks(usize::from(size) + 1).for_each(|chunk| self.hear(chunk));
    }

    fn hear(&mut self, bytes: &[u8]) {
        for notice in self.receiver.push(bytes) {
            match notice {
                Notice::Record(record) => self.read(&record),
                Notice::GuestRestarted => self.run = Run::default(),
                _ => {}
            }
        }
    }

    fn read(&mut self, record: &[u8]) {
        match Record::decode(record) {
            Ok(record) => {
                self.records += 1;
                self.run.take(&record);
            }
            Err(_) => self.run.reject(),
        }
    }

    /// Everything that is made of a run, whole or not.
    fn finish(mut self) -> usize {
        let ending = self.receiver.finish();
        ending.records_after_holes.iter().for_each(|record| self.read(record));
        let heard = Heard { run: self.run, ending, stop: Stop::Closed, build_id: None };
        let verdict = Verdict::on(&heard, None).saved();
        assert!(!verdict.sentence.is_empty());
        let run = &heard.run;
        let summary = Summary::of(run, is_complete(&heard), None);
        serde_json::to_writer(io::sink(), &summary).expect("keys are text, numbers finite");
        write_samples(run, io::sink()).expect("a sink takes all");
        assert!(report::html(run, &summary).ends_with("</html>\n"));
        let _ = table::text(&summary);
        self.records
    }
}
