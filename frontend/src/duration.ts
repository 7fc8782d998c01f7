/** A time to wait, in words that promise nothing too early: up to a minute in seconds, then in minutes, rounded up. */
export function inWords(seconds: number): string {
  return seconds < 60 ? count(seconds, 'second') : count(Math.ceil(seconds / 60), 'minute');
}

function count(n: number, unit: string): string {
  return `${String(n)} ${unit}${n === 1 ? '' : 's'}`;
}
