import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const server = process.env.WATCHPARTY_DEV ?? 'http://127.0.0.1:8080';

/** Writes a .br and a .gz twin of what is worth it, so that the server never compresses. */
function twins(): Plugin {
	return {
		name: 'twins',
		apply: 'build',
		closeBundle() {
			for (const f of readdirSync('dist', { recursive: true, withFileTypes: true })) {
				const file = join(f.parentPath, f.name);
				if (!f.isFile() || !/\.(js|css|html|svg|json)$/.test(f.name)) continue;
				const body = readFileSync(file);
				writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
				writeFileSync(`${file}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
			}
			writeFileSync(join('dist', '.keep'), '');
		},
	};
}

export default defineConfig({
	plugins: [svelte(), twins()],
	build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 400 },
	server: {
		proxy: Object.fromEntries(['/api', '/media', '/sample', '/ws'].map((path) => [path, { target: server, ws: path === '/ws' }])),
	},
	test: {
		include: ['src/**/*.test.ts'],
		environment: 'happy-dom',
	},
	resolve: process.env.VITEST ? { conditions: ['browser'] } : undefined,
} as Parameters<typeof defineConfig>[0]);
