/**
 * How Node is run. The `start` script of package.json says the first of these again, because a script imports nothing; a
 * test compares them.
 *
 * `--max-semi-space-size`, in MB: what dies young is collected there for next to nothing. `--heap-growing-percent`: the old
 * generation is collected when it has grown by so much since the last time. On a machine with much memory Node would
 * let it grow to four times, and most of that was garbage.
 */
export const MONOLITH_FLAGS: readonly string[] = ['--max-semi-space-size=16', '--heap-growing-percent=50'];
/** Eight processes on one machine: each has a small young generation. `--optimize-for-size` would save a tenth of the memory and cost three times the CPU. */
export const SERVICE_FLAGS: readonly string[] = ['--max-semi-space-size=4'];
