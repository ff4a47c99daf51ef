// The colour of a run: always the same one, in every view.

// Sixteen hues that differ in light and dark, neighbours far from each other.
export const PALETTE = [
  "#4c7ef3", "#e8843c", "#22a884", "#d9486e", "#8f62e0", "#b99a1c", "#1f9fc4", "#a9644a",
  "#6d8f2e", "#cc52bd", "#3f6fa8", "#e36f6f", "#168f5c", "#7a5cc0", "#d07a12", "#5d8aa8",
];

/**
 * @param {{number?: number, id: number, color?: string | null}} run `color` is one that the user has chosen
 * @returns {string}
 */
export const runColor = (run) => run.color ?? PALETTE[((run.number ?? run.id) - 1) % PALETTE.length];
