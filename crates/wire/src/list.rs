//! A list of at most `N` items, without a heap.

/// Up to `N` items in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List<T, const N: usize>([Option<T>; N]);

/// The list has as many items as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl core::error::Error for Full {}

impl core::fmt::Display for Full {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the list is full")
    }
}

impl<T: Copy, const N: usize> List<T, N> {
    /// No items.
    pub const EMPTY: Self = Self([None; N]);

    /// These items, if they are no more than `N`.
    pub fn of(items: &[T]) -> Result<Self, Full> {
        let mut list = Self::EMPTY;
        items.iter().try_for_each(|item| list.push(*item))?;
        Ok(list)
    }

    /// Adds an item at the end.
    pub fn push(&mut self, item: T) -> Result<(), Full> {
        let free = self.0.iter_mut().find(|place| place.is_none()).ok_or(Full)?;
        *free = Some(item);
        Ok(())
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.items().copied()
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl<T: Copy, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        Self::EMPTY
    }
}
