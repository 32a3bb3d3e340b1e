use rmap::SchemeId;
use wire::{MAX_PLAN, WhenIncomplete};
use workload::{ParameterSpec, WorkloadId};

use super::read;
use crate::plan::draft::Draft;
use crate::plan::encode;

const HEAD: &str = "name = \"own\"\n";

/// Reads a plan with this one group.
fn group(lines: &str) -> Result<Draft, String> {
    read("own.toml", &format!("{HEAD}[[group]]\n{lines}\n")).map_err(|error| error.to_string())
}

fn refused(content: &str) -> String {
    read("own.toml", content).expect_err("it is wrong").to_string()
}

#[test]
fn a_plan_says_everything_about_a_run() {
    let draft = read(
        "own.toml",
        r#"
            name = "own"
            summary = "one line"
            rounds = 2
            seed = 0x10
            when_incomplete = "scan"
            memory = "1G"
            [[group]]
            schemes = ["pte-next", "scan"]
            workload = "fork-exit"
            pages = 1_024
        "#,
    )
    .expect("nothing is wrong with it");
    assert_eq!((draft.name.as_str(), draft.summary.as_str()), ("own", "one line"));
    assert_eq!((draft.rounds, draft.seed, draft.memory_mib), (2, 16, Some(1024)));
    assert_eq!(draft.when_incomplete, WhenIncomplete::Scan);
    let [work] = draft.works() else { panic!("one workload") };
    assert_eq!(work.schemes, [SchemeId::Scan, SchemeId::PteNext].into());
    assert_eq!(work.parameters.iter().next(), Some(("pages", 1024)));
}

#[test]
fn a_sweep_multiplies_with_every_other() {
    let lines = "schemes = \"all\"\nworkload = [\"fork-exit\", \"fork-touch\"]\n\
                 pages = [16, 32]\nchildren = [1, 2, 3]";
    let draft = group(lines).expect("nothing is wrong with it");
    assert_eq!(draft.works().len(), 2 * 2 * 3);
    assert_eq!(draft.cell_count(), 2 * 2 * 3 * SchemeId::ALL.len());
}

#[test]
fn cells_that_two_groups_name_run_once() {
    let groups = "[[group]]\nschemes = [\"scan\"]\nworkload = \"fork-exit\"\npages = [512, 64]\n\
                  [[group]]\nschemes = [\"scan\", \"pte-next\"]\nworkload = \"fork-exit\"\n";
    let draft = read("own.toml", &format!("{HEAD}{groups}")).expect("nothing is wrong with it");
    let schemes: Vec<_> = draft.works().iter().map(|work| work.schemes.len()).collect();
    assert_eq!(schemes, [2, 1], "512 pages are the default");
}

#[test]
fn what_is_wrong_in_a_group_is_said_with_line_and_column() {
    for (lines, place, what) in [
        (
            "schemes = [\"scan\", \"x\"]\nworkload = \"fork-exit\"",
            (3, 20),
            "unknown scheme `x`; there are: scan, ",
        ),
        ("schemes = \"all\"\nworkload = \"fork\"", (4, 12), "unknown workload `fork`; there are: "),
        (
            "schemes = \"all\"\nworkload = \"fork-exit\"\npags = 5",
            (5, 1),
            "workload `fork-exit` has no `pags`; it can have: schemes, workload, pages, ",
        ),
        (
            "schemes = \"all\"\nworkload = \"fork-exit\"\npages = [5, 0]",
            (5, 13),
            "`pages` goes from 1 to 1048576",
        ),
        (
            "schemes = \"all\"\nworkload = \"fork-exit\"\npages = []",
            (5, 9),
            "the sweep of `pages` is empty",
        ),
        (
            "schemes = \"all\"\nworkload = \"fork-exit\"\npages = [5, 5]",
            (5, 13),
            "5 is listed twice",
        ),
        (
            "schemes = \"all\"\nworkload = \"fork-exit\"\npages = -5",
            (5, 9),
            "a whole number from 0, and not -5",
        ),
        (
            "schemes = \"all\"\nworkload = \"fork-exit\"\npages = \"5\"",
            (5, 9),
            "and not a value of type string",
        ),
        ("schemes = []\nworkload = \"fork-exit\"", (3, 11), "`schemes` lists nothing"),
        (
            "schemes = [\"scan\", \"scan\"]\nworkload = \"fork-exit\"",
            (3, 20),
            "`scan` is listed twice",
        ),
        ("workload = \"fork-exit\"", (2, 1), "the group has no `schemes`"),
        ("schemes = \"all\"", (2, 1), "the group has no `workload`"),
    ] {
        let said = group(lines).expect_err(lines);
        let (line, column) = place;
        assert!(said.starts_with(&format!("own.toml: line {line}, column {column}: ")), "{said}");
        assert!(said.contains(what), "{said}");
        assert!(!said.contains('\n'), "one sentence: {said}");
    }
}

#[test]
fn what_is_wrong_beside_the_groups_is_said_too() {
    let group = "[[group]]\nschemes = \"all\"\nworkload = \"fork-exit\"\n";
    for (head, place, what) in [
        (
            "name = \"own\"\nrnds = 3\n",
            (2, 1),
            "a plan has no `rnds`; it can have: name, summary, rounds, ",
        ),
        ("name = \"own\"\nrounds = 0\n", (2, 10), "`rounds` goes from 1 to 65535"),
        ("name = \"a/b\"\n", (1, 8), "letters, digits"),
        ("name = \"own\"\nmemory = \"lots\"\n", (2, 10), "512M or 2G"),
        ("name = \"own\"\nwhen_incomplete = \"ask\"\n", (2, 19), "\"refuse\" or \"scan\""),
        ("name = \"own\nrounds = 0\n", (1, 12), "this is no TOML: "),
        ("", (1, 1), "the plan has no `name"),
    ] {
        let said = refused(&format!("{head}{group}"));
        let (line, column) = place;
        assert!(said.starts_with(&format!("own.toml: line {line}, column {column}: ")), "{said}");
        assert!(said.contains(what), "{said}");
        assert!(!said.contains('\n'), "one sentence: {said}");
    }
    assert!(refused(HEAD).contains("no `[[group]]`, so there is nothing to run"));
    assert!(refused("name = \"own\"\ngroup = 3\n").contains("write each group as `[[group]]`"));
}

#[test]
fn a_plan_that_is_too_large_is_refused_before_it_is_spread_out() {
    let numbers: Vec<String> = (1..=2000).map(|number| number.to_string()).collect();
    let list = numbers.join(", ");
    let lines = format!(
        "schemes = \"all\"\nworkload = \"fork-exit\"\npages = [{list}]\nchildren = [{list}]\nfinds = [{list}]"
    );
    let said = group(&lines).expect_err("far too large");
    assert!(
        said.contains("line 4, column 12: with this group the plan has over 1024 cells"),
        "{said}"
    );
    let lines = format!(
        "schemes = [\"scan\"]\nworkload = \"fork-exit\"\npages = [{}]",
        numbers[..200].join(", ")
    );
    let said = group(&lines).expect_err("too large for the wire");
    assert!(said.contains("split it"), "{said}");
}

#[test]
fn no_parameter_is_called_like_a_key_of_a_group() {
    for workload in WorkloadId::ALL {
        for spec in workload.parameters() {
            assert!(!["schemes", "workload"].contains(&spec.name), "{workload}");
        }
    }
}

#[test]
fn a_plan_can_sweep_every_workload_with_all_other_parameters_set() {
    let other = |spec: &ParameterSpec| if spec.default == spec.min { spec.max } else { spec.min };
    let groups = WorkloadId::ALL.map(|workload| {
        let (swept, others) = workload.parameters().split_first().expect("a parameter to sweep");
        let set = |spec: &ParameterSpec| format!("{} = {}\n", spec.name, other(spec));
        let others: String = others.iter().map(set).collect();
        let sweep = format!("{} = [{}, {}]", swept.name, swept.min, swept.min + 1);
        format!("[[group]]\nschemes = \"all\"\nworkload = \"{workload}\"\n{sweep}\n{others}")
    });
    let content = format!("{HEAD}{}", groups.concat());
    let draft = read("own.toml", &content).expect("nothing is wrong with it");
    let plan = draft.plan().expect("there is room for it on the wire");
    assert_eq!(plan.workloads.len(), 2 * WorkloadId::ALL.len());
    assert!(encode(&plan, "").len() <= MAX_PLAN);
}
