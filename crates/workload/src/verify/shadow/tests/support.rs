//! Stories as traces, told to a shadow of a VM that never runs out of anything.

use rmap::PageIndex;
use vm::{Access, FaultRefused, MapError};

use crate::verify::{Answer, Impossible, Shadow, Surprise, Tag};
use crate::{Event, Process, trace};

/// A shadow and the number of the next write.
pub(super) struct Story {
    pub(super) shadow: Box<Shadow>,
    writes: u32,
}

pub(super) fn event(line: &str) -> Event {
    let event = trace::event(line, 1);
    event.unwrap_or_else(|error| panic!("{line}: {error}")).expect("a line with an event")
}

impl Story {
    /// What happens, one event a line. Write number n leaves tag n.
    pub(super) fn of(text: &str) -> Self {
        let mut story = Self { shadow: Box::new(Shadow::new()), writes: 0 };
        story.goes_on(text);
        story
    }

    /// All lines must be possible, and none refused.
    pub(super) fn goes_on(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let answer = self.tell(line).unwrap_or_else(|reason| panic!("{line}: {reason}"));
            let refused = matches!(answer, Answer::Map(Err(_)) | Answer::Access(Err(_)));
            assert!(!refused, "{line}: {answer:?}");
        }
    }

    /// What the shadow says to an event.
    pub(super) fn tell(&mut self, line: &str) -> Result<Answer, Impossible> {
        let event = event(line);
        if matches!(event, Event::Touch { access: Access::Write, .. }) {
            self.writes += 1;
        }
        self.shadow.assume(&event, Tag(self.writes))
    }

    /// The VM answers to an event.
    pub(super) fn hears(&mut self, line: &str, answer: Answer) -> Result<(), Surprise> {
        self.shadow.settle(&event(line), Tag(99), answer)
    }

    /// Why an event of the mapping family is refused.
    pub(super) fn refusal(&mut self, line: &str) -> Option<MapError> {
        match self.tell(line) {
            Ok(Answer::Map(answer)) => answer.err(),
            other => panic!("{line}: {other:?}"),
        }
    }

    /// Where an event of the mapping family ends up.
    pub(super) fn place(&mut self, line: &str) -> u64 {
        match self.tell(line) {
            Ok(Answer::Map(Ok(Some(at)))) => at.0,
            other => panic!("{line}: {other:?}"),
        }
    }

    /// The number of the write that a page shows, 0 for a fresh page.
    pub(super) fn reads(&mut self, process: u16, page: u64) -> Result<u32, FaultRefused> {
        match self.touch(process, page, Access::Read) {
            Err(reason) => Err(reason),
            Ok(word) => Ok((0..=self.writes).find(|tag| Tag(*tag).word() == word).expect("a tag")),
        }
    }

    /// Whether a page can be written to. The write counts.
    pub(super) fn writes(&mut self, process: u16, page: u64) -> Result<(), FaultRefused> {
        self.writes += 1;
        self.touch(process, page, Access::Write).map(drop)
    }

    fn touch(&mut self, process: u16, page: u64, access: Access) -> Result<u64, FaultRefused> {
        let event = Event::Touch { process: Process(process), page: PageIndex(page), access };
        match self.shadow.assume(&event, Tag(self.writes)) {
            Ok(Answer::Access(answer)) => answer,
            other => panic!("{event:?}: {other:?}"),
        }
    }
}
