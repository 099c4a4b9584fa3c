//! An allocator whose blocks end where accessible memory ends: what reads or writes one number too many dies of it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::{null_mut, with_exposed_provenance_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
use rustix::param::page_size;

/// Gives each block of numbers pages of its own, the block at their end, and behind them a page that nobody may touch.
/// Where a block begins, and so how it is aligned to vectors, follows from its length.
pub(crate) struct Fenced;

/// How many areas there are at most: the system allows a process some 65,000 stretches of memory of different access, of
/// which each area is two. More live blocks than that only a backtrace has.
const MOST: usize = 20_000;

/// The bytes of addresses that all areas lie in.
const REGION: usize = 1 << 40;

/// Memory that nobody may touch, from which areas are taken.
struct Areas {
    /// Where it begins; 0 until it is needed.
    region: usize,
    taken: usize,
    count: usize,
    /// The address of a free area, by the logarithm of its pages; 0 for none. Its first word names the next one.
    free: [usize; 40],
}

static AREAS: Mutex<Areas> = Mutex::new(Areas { region: 0, taken: 0, count: 0, free: [0; 40] });

impl Areas {
    /// Pages of an area that has been free, or a new one; none where there are too many.
    fn take(&mut self, class: usize) -> Option<*mut u8> {
        if self.free[class] != 0 {
            let pages = with_exposed_provenance_mut::<u8>(self.free[class]);
            // SAFETY: free areas begin with the address of the next one.
            self.free[class] = unsafe { pages.cast::<usize>().read() };
            return Some(pages);
        }
        if self.region == 0 {
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
            // SAFETY: a new mapping, wherever the system has room, is nobody else's.
            let region = unsafe { mmap_anonymous(null_mut(), REGION, ProtFlags::empty(), flags) };
            self.region = region.ok()?.expose_provenance();
        }
        let room = page_size() << class;
        if self.count == MOST || self.taken + room + page_size() > REGION {
            return None;
        }
        let pages = with_exposed_provenance_mut::<u8>(self.region + self.taken);
        // SAFETY: pages of the region that no area has yet. The one behind them stays as it is.
        unsafe { mprotect(pages.cast(), room, MprotectFlags::READ | MprotectFlags::WRITE) }.ok()?;
        self.taken += room + page_size();
        self.count += 1;
        Some(pages)
    }

    fn holds(&self, block: *mut u8) -> bool {
        (self.region..self.region + REGION).contains(&block.addr())
    }
}

fn areas() -> MutexGuard<'static, Areas> {
    AREAS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The logarithm of how many pages a block gets; none for what is no block of numbers, such as text.
fn class(layout: Layout) -> Option<usize> {
    let numbers = layout.align() >= align_of::<f32>() && layout.size().is_multiple_of(layout.align());
    let pages = layout.size().div_ceil(page_size()).next_power_of_two();
    (numbers && layout.align() <= page_size()).then_some(pages.ilog2() as usize)
}

/// The bytes in front of a block, of those that it gets.
fn in_front(layout: Layout, class: usize) -> usize {
    (page_size() << class) - layout.size()
}

// SAFETY: a block lies in pages that are no other's until it is given back. It ends where they end, and so it is aligned, its
// size being a multiple of its alignment. All other blocks are the system's, and known by their address.
unsafe impl GlobalAlloc for Fenced {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let pages = class(layout).and_then(|class| Some((areas().take(class)?, class)));
        match pages {
            // SAFETY: the block is not larger than its pages.
            Some((pages, class)) => unsafe { pages.add(in_front(layout, class)) },
            // SAFETY: the caller's.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let mut areas = areas();
        let Some(class) = class(layout).filter(|_| areas.holds(block)) else {
            // SAFETY: the caller's, and the block came from there.
            return unsafe { System.dealloc(block, layout) };
        };
        // SAFETY: that far behind the start of its pages the block was put.
        let pages = unsafe { block.sub(in_front(layout, class)) };
        // SAFETY: the pages are aligned and large enough, and nobody else uses them any more.
        unsafe { pages.cast::<usize>().write(areas.free[class]) };
        areas.free[class] = pages.expose_provenance();
    }
}
