import { defineConfig } from 'vitest/config';

// Browser tests run the real binary. One file at a time: two browsers and a
// server are enough for two cores.
export default defineConfig({
	test: {
		include: [process.env.E2E_BENCH ? 'e2e/**/*.bench.ts' : 'e2e/**/*.test.ts'],
		environment: 'node',
		fileParallelism: false,
		testTimeout: 120_000,
		hookTimeout: 60_000,
		retry: 0,
	},
});
