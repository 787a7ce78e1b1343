/** "Firefox on Windows": what a person calls the device behind a user agent. */
export function device(agent: string): string {
	const find = (table: [RegExp, string][], fallback: string) => table.find(([re]) => re.test(agent))?.[1] ?? fallback;
	const browser = find(
		[
			[/Edg\//, 'Edge'],
			[/OPR\//, 'Opera'],
			[/SamsungBrowser\//, 'Samsung Internet'],
			[/Firefox\/|FxiOS\//, 'Firefox'],
			[/Chrome\/|CriOS\/|Chromium\//, 'Chrome'],
			[/Safari\//, 'Safari'],
		],
		'',
	);
	const system = find(
		[
			[/iPhone/, 'iPhone'],
			[/iPad/, 'iPad'],
			[/Android/, 'Android'],
			[/Windows/, 'Windows'],
			[/Mac OS X|Macintosh/, 'Mac'],
			[/CrOS/, 'ChromeOS'],
			[/Linux|X11/, 'Linux'],
		],
		'',
	);
	if (browser && system) return `${browser} on ${system}`;
	return browser || system || agent.split(/[ /]/)[0] || 'Unknown device';
}
