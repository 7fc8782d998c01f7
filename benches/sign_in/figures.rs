//! Distributions in plain text.

use std::time::Duration;

/// What the figures were measured on.
pub fn machine() {
    let cores = std::thread::available_parallelism().unwrap();
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut lines = information.lines();
    let model = lines.find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown", |(_, model)| model);
    println!("{cores} cores, {model}, {}", std::env::consts::OS);
}

/// Times, in the order of their length.
pub struct Times(Vec<Duration>);

impl Times {
    pub fn new(mut times: Vec<Duration>) -> Times {
        times.sort();
        Times(times)
    }

    fn quantile(&self, part: f64) -> f64 {
        let at = ((self.0.len() - 1) as f64 * part).round() as usize;
        milliseconds(self.0[at])
    }

    fn mean(&self) -> f64 {
        milliseconds(self.0.iter().sum::<Duration>()) / self.0.len() as f64
    }

    /// How likely it is that one of these takes longer than one of those: 50 % tells nothing.
    fn longer_than(&self, those: &Times) -> f64 {
        let shorter = |this| those.0.partition_point(|that| that < this);
        let longer: usize = self.0.iter().map(shorter).sum();
        100.0 * longer as f64 / (self.0.len() * those.0.len()) as f64
    }
}

fn milliseconds(time: Duration) -> f64 {
    1e3 * time.as_secs_f64()
}

/// One row a distribution.
pub fn rows(title: &str, distributions: &[(&str, &Times)]) {
    let head = ["count", "min", "p50", "p90", "p99", "max", "mean"];
    println!("\n{title} (ms)");
    print!("{:24}", "");
    head.iter().for_each(|name| print!("{name:>9}"));
    println!();
    for (name, times) in distributions {
        print!("{name:24}{:9}", times.0.len());
        for part in [0.0, 0.5, 0.9, 0.99, 1.0] {
            print!("{:9.1}", times.quantile(part));
        }
        println!("{:9.1}", times.mean());
    }
}

/// Two distributions that should be one, side by side.
pub fn side_by_side(title: &str, known: &Times, unknown: &Times) {
    rows(title, &[("known", known), ("unknown", unknown)]);
    println!("{:24}known{:30}unknown", "", "");
    let all = Times::new([&known.0[..], &unknown.0].concat());
    for tenth in 0..10 {
        let from = all.quantile(f64::from(tenth) / 10.0);
        let to = all.quantile(f64::from(tenth + 1) / 10.0);
        let bar = |times: &Times| {
            let is_last = tenth == 9;
            let is_in = |time: &&Duration| {
                let time = milliseconds(**time);
                from <= time && (time < to || is_last)
            };
            let count = times.0.iter().filter(is_in).count();
            format!("{count:3} {}", "#".repeat(count * 150 / times.0.len()))
        };
        let (known, unknown) = (bar(known), bar(unknown));
        println!("{from:9.1} to {to:9.1}  {known:35}{unknown}");
    }
    let longer = known.longer_than(unknown);
    println!("a known one takes longer than an unknown one in {longer:.1} % of all pairs");
}
