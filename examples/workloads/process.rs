//! What the operating system knows about this process. Elsewhere than on Linux it is not asked.

#[cfg(target_os = "linux")]
mod system {
    use std::time::Duration;

    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    use rustix::time::{ClockId, clock_gettime};

    /// Keeps this process, and all threads that it will start, on the first `threads` of the cores that it may use.
    pub fn pin(threads: usize) -> std::io::Result<()> {
        let allowed = sched_getaffinity(None)?;
        let mut first = CpuSet::new();
        (0..CpuSet::MAX_CPU)
            .filter(|&core| allowed.is_set(core))
            .take(threads)
            .for_each(|core| first.set(core));
        Ok(sched_setaffinity(None, &first)?)
    }

    /// The processor time of all threads so far.
    pub fn cpu_time() -> Option<Duration> {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Some(Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
    }

    /// A line of `/proc/self/status` such as `VmHWM`, in MiB.
    pub fn memory(line: &str) -> Option<f64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))?;
        let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kib / 1024.0)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::time::Duration;

    pub fn pin(_: usize) -> std::io::Result<()> {
        Ok(())
    }

    pub fn cpu_time() -> Option<Duration> {
        None
    }

    pub fn memory(_: &str) -> Option<f64> {
        None
    }
}

pub use system::{cpu_time, memory, pin};
