/**
 * How Node is run. The `start` script of package.json says the first of these lists again, because a script imports nothing; a
 * test compares them. `--max-semi-space-size`, in MB: what dies young is collected there for next to nothing. The old
 * generation is collected when it has doubled; with much memory Node would let it grow to four times, and most of that was
 * garbage: with a feed of 100,000 rows 300 MB of it, with orders and reads at no cost that could be told.
 */
export const MONOLITH_FLAGS: readonly string[] = ['--max-semi-space-size=16', '--heap-growing-percent=100'];
/**
 * Eight processes on one machine: each has a small young generation, and its old one is collected when it has grown by a
 * third, which of one large process would cost too much. `--optimize-for-size` would save a tenth of the memory and cost three times the CPU.
 */
export const SERVICE_FLAGS: readonly string[] = ['--max-semi-space-size=4', '--heap-growing-percent=30'];
/** Of glibc, which otherwise keeps what threads gave back for each of them by itself. */
export const SERVICE_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '2' };
