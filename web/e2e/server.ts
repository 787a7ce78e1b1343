// Starts the real binary on free ports with a data folder of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const bin = (name: string) => resolve(import.meta.dirname, '../../bin', name);

export class Process {
	private constructor(
		readonly child: ChildProcess,
		readonly firstLine: string,
	) {}

	/** Starts a program and waits for the first line that matches. */
	static async start(file: string, args: string[], wanted: RegExp, env: NodeJS.ProcessEnv = {}): Promise<Process> {
		const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
		const errors: string[] = [];
		createInterface({ input: child.stderr! }).on('line', (l) => {
			errors.push(l);
			if (process.env.E2E_LOG) console.error(l);
		});
		const line = await new Promise<string>((ok, fail) => {
			createInterface({ input: child.stdout! }).on('line', (l) => {
				const m = wanted.exec(l);
				if (m) ok(m[0]);
			});
			child.once('exit', (code) => fail(new Error(`${file} ended with ${code}: ${errors.slice(-5).join('\n')}`)));
			child.once('error', fail);
		});
		return new Process(child, line);
	}

	/** Ends exactly this process and waits until it is gone. */
	async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
		if (this.child.exitCode !== null || this.child.signalCode !== null) return;
		const gone = new Promise((ok) => this.child.once('exit', ok));
		this.child.kill(signal);
		const late = setTimeout(() => this.child.kill('SIGKILL'), 8_000);
		await gone;
		clearTimeout(late);
	}
}

export class Server {
	private process?: Process;
	url = '';

	constructor(readonly data = mkdtempSync(join(tmpdir(), 'watchparty-e2e-'))) {}

	/** Starts on a free port, or after a stop on the same one. */
	async start(extra: string[] = []): Promise<this> {
		const listen = this.url ? new URL(this.url).host : '127.0.0.1:0';
		this.process = await Process.start(
			bin('watchparty'),
			['serve', '--listen', listen, '--data', this.data, '--log-level', process.env.E2E_LOG ? 'debug' : 'warn', ...extra],
			/http:\/\/127\.0\.0\.1:\d+/,
		);
		this.url = this.process.firstLine;
		return this;
	}

	get pid(): number {
		return this.process!.child.pid!;
	}

	async kill(): Promise<void> {
		await this.process?.stop('SIGKILL');
	}

	async close(): Promise<void> {
		await this.process?.stop();
		rmSync(this.data, { recursive: true, force: true });
	}
}

/** One-way delays in milliseconds and what is drawn on top of them. */
export interface Line {
	up: number;
	down: number;
	jitter: number;
	tail: number;
	seed: number;
}

/** A proxy before the server that is as slow as the line says. */
export async function delayed(server: Server, line: Line): Promise<{ url: string; close(): Promise<void> }> {
	const p = await Process.start(
		bin('wpload'),
		[
			'delay',
			'--to',
			new URL(server.url).host,
			'--up',
			`${line.up}ms`,
			'--down',
			`${line.down}ms`,
			'--jitter',
			`${line.jitter}ms`,
			'--tail',
			`${line.tail}`,
			'--seed',
			`${line.seed}`,
			'--for',
			'15m',
		],
		/127\.0\.0\.1:\d+/,
	);
	return { url: `http://${p.firstLine}`, close: () => p.stop() };
}
