import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';

export default ts.config(
	{ ignores: ['dist/', 'node_modules/', 'e2e/out/', '**/*generated*'] },
	...ts.configs.recommended,
	...svelte.configs.recommended,
	{ files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: ts.parser } } },
	{
		rules: {
			'@typescript-eslint/no-non-null-assertion': 'off',
			'@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
			// The sets and maps here live for one call; what is shown is state of its own.
			'svelte/prefer-svelte-reactivity': 'off',
			// The compiler and the linter do not agree on which are needed.
			'svelte/no-unused-svelte-ignore': 'off',
		},
	},
);
