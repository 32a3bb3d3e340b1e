//! Which workloads a plan runs, with which parameters, under which of its schemes. The same workload
//! may come many times with other parameters, so each word is kept once and pointed at.

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

use super::Name;

/// The most workloads of a plan, each with its own parameters.
pub const MAX_WORKLOADS: usize = 128;

/// The most parameters of all workloads of a plan together.
pub const MAX_PARAMETERS: usize = 512;

/// The most names of workloads and parameters: more than there are of all workloads together.
pub const MAX_WORDS: usize = 128;

/// Some of a plan's schemes, by their place in its list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct SchemeSet(u32);

impl SchemeSet {
    /// The first `count` schemes.
    pub const fn first(count: usize) -> Self {
        Self(if count < 32 { (1 << count) - 1 } else { u32::MAX })
    }

    /// With the scheme at `place`, which is below [`super::MAX_SCHEMES`].
    #[must_use]
    pub const fn with(self, place: usize) -> Self {
        Self(self.0 | 1 << place)
    }

    /// Whether the scheme at `place` is one of them.
    pub const fn contains(self, place: usize) -> bool {
        place < 32 && self.0 >> place & 1 == 1
    }

    /// How many there are.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// There is no room for one more workload, parameter or word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The workloads of a plan, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Workloads {
    words: heapless::Vec<Name, MAX_WORDS>,
    specs: heapless::Vec<Spec, MAX_WORKLOADS>,
    /// Those of the first workload, then those of the second, and so on.
    settings: heapless::Vec<Setting, MAX_PARAMETERS>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
struct Spec {
    /// Which word is its name.
    name: u8,
    schemes: SchemeSet,
    /// How many parameters differ from their defaults.
    settings: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
struct Setting {
    /// Which word is the parameter's name.
    name: u8,
    value: u64,
}

/// One workload of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'p> {
    /// The workload's id.
    pub name: &'p Name,
    /// Those of the plan's schemes under which it runs.
    pub schemes: SchemeSet,
    words: &'p [Name],
    settings: &'p [Setting],
}

impl<'p> Workload<'p> {
    /// Parameters that differ from their defaults.
    pub fn parameters(self) -> impl Iterator<Item = (&'p Name, u64)> {
        self.settings.iter().map(move |each| (&self.words[usize::from(each.name)], each.value))
    }
}

impl Workloads {
    /// Adds a workload with those of its parameters that differ from their defaults.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn add<'n>(
        &mut self,
        name: &str,
        schemes: SchemeSet,
        parameters: impl IntoIterator<Item = (&'n str, u64)>,
    ) -> Result<(), Full> {
        let name = self.word(name)?;
        let before = self.settings.len();
        for (name, value) in parameters {
            let name = self.word(name)?;
            self.settings.push(Setting { name, value }).map_err(|_| Full)?;
        }
        let settings = u8::try_from(self.settings.len() - before).map_err(|_| Full)?;
        self.specs.push(Spec { name, schemes, settings }).map_err(|_| Full)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Workload<'_>> {
        let mut rest = &self.settings[..];
        self.specs.iter().map(move |spec| {
            let (settings, others) = rest.split_at(spec.settings.into());
            rest = others;
            let name = &self.words[usize::from(spec.name)];
            Workload { name, schemes: spec.schemes, words: &self.words, settings }
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.specs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.specs.is_empty()
    }

    /// Whether every number points at something.
    pub(super) fn is_sound(&self) -> bool {
        let named = |name: u8| usize::from(name) < self.words.len();
        let settings: usize = self.specs.iter().map(|spec| usize::from(spec.settings)).sum();
        settings == self.settings.len()
            && self.specs.iter().all(|spec| named(spec.name))
            && self.settings.iter().all(|setting| named(setting.name))
    }

    /// Where `text` is among the words, as one of them from now on.
    fn word(&mut self, text: &str) -> Result<u8, Full> {
        let known = self.words.iter().position(|word| word == text);
        let place = known.unwrap_or(self.words.len());
        if known.is_none() {
            let word = Name::try_from(text).map_err(|_| Full)?;
            self.words.push(word).map_err(|_| Full)?;
        }
        u8::try_from(place).map_err(|_| Full)
    }
}

#[cfg(test)]
mod tests {
    use super::{Full, MAX_WORKLOADS, SchemeSet, Spec, Workloads};

    #[test]
    fn the_same_workload_comes_with_one_set_of_parameters_after_another() {
        let mut workloads = Workloads::default();
        let all = SchemeSet::first(3);
        workloads.add("fork-exit", all, [("pages", 512), ("density", 8)]).expect("room");
        workloads.add("fork-exit", all, []).expect("room");
        workloads.add("fork-touch", SchemeSet::default().with(2), [("pages", 7)]).expect("room");
        let seen: Vec<_> = workloads
            .iter()
            .map(|workload| {
                let parameters: Vec<_> =
                    workload.parameters().map(|(name, value)| (name.as_str(), value)).collect();
                (workload.name.as_str(), workload.schemes.len(), parameters)
            })
            .collect();
        let expected = [
            ("fork-exit", 3, vec![("pages", 512), ("density", 8)]),
            ("fork-exit", 3, vec![]),
            ("fork-touch", 1, vec![("pages", 7)]),
        ];
        assert_eq!(seen, expected);
        assert_eq!(workloads.words.len(), 4, "a word is kept once");
    }

    #[test]
    fn one_workload_too_many_is_refused() {
        let mut workloads = Workloads::default();
        for _ in 0..MAX_WORKLOADS {
            workloads.add("x", SchemeSet::default(), []).expect("room");
        }
        assert_eq!(workloads.add("x", SchemeSet::default(), []), Err(Full));
    }

    #[test]
    fn a_number_that_points_at_nothing_is_noticed() {
        let mut workloads = Workloads::default();
        workloads.add("x", SchemeSet::default(), [("y", 1)]).expect("room");
        assert!(workloads.is_sound());
        let dangling = Spec { name: 2, schemes: SchemeSet::default(), settings: 0 };
        let mut wrong = workloads.clone();
        wrong.specs.push(dangling).expect("room");
        assert!(!wrong.is_sound());
        workloads.specs[0].settings = 2;
        assert!(!workloads.is_sound());
    }

    #[test]
    fn a_set_of_schemes_knows_its_members() {
        let some = SchemeSet::default().with(0).with(31);
        assert!(some.contains(0) && some.contains(31) && !some.contains(1) && !some.contains(32));
        assert_eq!((some.len(), SchemeSet::first(32).len(), SchemeSet::first(0).len()), (2, 32, 0));
    }
}
