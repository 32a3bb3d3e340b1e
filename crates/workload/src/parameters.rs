//! Named numbers that shape a workload.

/// The most parameters of one workload.
const MOST: usize = 8;

/// One parameter as `list workloads` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterSpec {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub summary: &'static str,
    /// Its value where the plan says nothing.
    pub default: u64,
    /// The least it can be.
    pub min: u64,
    /// The most it can be.
    pub max: u64,
}

/// Why a parameter was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterError {
    /// The workload has no such parameter.
    Unknown,
    /// It must be between these.
    OutOfRange {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
}

/// The values for one run of one workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    specs: &'static [ParameterSpec],
    values: [u64; MOST],
}

impl Parameters {
    /// The defaults of `specs`.
    #[must_use]
    pub fn defaults(specs: &'static [ParameterSpec]) -> Self {
        assert!(specs.len() <= MOST, "a workload has more parameters than {MOST}");
        let mut values = [0; MOST];
        for (value, spec) in values.iter_mut().zip(specs) {
            *value = spec.default;
        }
        Self { specs, values }
    }

    /// Changes one value.
    ///
    /// # Errors
    /// There is no such parameter, or the value is out of its range.
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), ParameterError> {
        let index = self.index(name).ok_or(ParameterError::Unknown)?;
        let ParameterSpec { min, max, .. } = self.specs[index];
        if !(min..=max).contains(&value) {
            return Err(ParameterError::OutOfRange { min, max });
        }
        self.values[index] = value;
        Ok(())
    }

    /// The value of a parameter that the workload declares.
    pub(crate) fn get(&self, name: &str) -> u64 {
        let index = self.index(name).expect("a workload only reads parameters that it declares");
        self.values[index]
    }

    /// Every parameter and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.specs.iter().map(|spec| spec.name).zip(self.values)
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.specs.iter().position(|spec| spec.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: &[ParameterSpec] =
        &[ParameterSpec { name: "pages", summary: "heap", default: 5, min: 2, max: 9 }];

    #[test]
    fn a_parameter_keeps_to_its_range() {
        let mut parameters = Parameters::defaults(SPECS);
        assert_eq!(parameters.set("page", 3), Err(ParameterError::Unknown));
        assert_eq!(parameters.set("pages", 1), Err(ParameterError::OutOfRange { min: 2, max: 9 }));
        assert_eq!(parameters.get("pages"), 5);
        parameters.set("pages", 9).unwrap();
        assert_eq!(parameters.iter().collect::<Vec<_>>(), [("pages", 9)]);
    }
}
