/** The keys of the party page, as data: the same list acts and is shown. */

export interface Key {
	keys: string[];
	/** As shown to people. */
	label: string;
	does: string;
	/** Acts only while single letters are switched on. */
	letter?: boolean;
	action: KeyAction;
}

export type KeyAction =
	| 'toggle'
	| 'back10'
	| 'forward10'
	| 'back5'
	| 'forward5'
	| 'frameBack'
	| 'frameForward'
	| 'offsetDown'
	| 'offsetUp'
	| 'home'
	| 'louder'
	| 'softer'
	| 'step'
	| 'mic'
	| 'talk'
	| 'deafen'
	| 'draw'
	| 'react'
	| 'chat'
	| 'escape'
	| 'fullscreen'
	| 'theatre'
	| 'pip'
	| 'queue'
	| 'polls'
	| 'host'
	| 'help'
	| 'tab1'
	| 'tab2'
	| 'tab3'
	| 'tab4';

export const keys: readonly Key[] = [
	{ keys: [' ', 'k'], label: 'Space, K', does: 'Play or pause for everybody', action: 'toggle' },
	{ keys: ['j'], label: 'J', does: 'Back 10 seconds', letter: true, action: 'back10' },
	{ keys: ['l'], label: 'L', does: 'On 10 seconds', letter: true, action: 'forward10' },
	{ keys: ['ArrowLeft'], label: '←', does: 'Back 5 seconds', action: 'back5' },
	{ keys: ['ArrowRight'], label: '→', does: 'On 5 seconds', action: 'forward5' },
	{ keys: [','], label: ',', does: 'One frame back, while paused', letter: true, action: 'frameBack' },
	{ keys: ['.'], label: '.', does: 'One frame on, while paused', letter: true, action: 'frameForward' },
	{ keys: ['<'], label: 'Shift ,', does: 'My copy 0.1 s earlier', letter: true, action: 'offsetDown' },
	{ keys: ['>'], label: 'Shift .', does: 'My copy 0.1 s later', letter: true, action: 'offsetUp' },
	{ keys: ['Home'], label: 'Home', does: 'To the beginning', action: 'home' },
	{ keys: ['ArrowUp'], label: '↑', does: 'Louder, only here', action: 'louder' },
	{ keys: ['ArrowDown'], label: '↓', does: 'Softer, only here', action: 'softer' },
	{ keys: ['s'], label: 'S', does: 'Step out, or catch up', letter: true, action: 'step' },
	{ keys: ['m'], label: 'M', does: 'My microphone off or on, in voice', letter: true, action: 'mic' },
	{ keys: ['v'], label: 'V, held', does: 'Talk, as long as it is held', letter: true, action: 'talk' },
	{ keys: ['d'], label: 'D', does: 'Hear nobody, or all again', letter: true, action: 'deafen' },
	{ keys: ['a'], label: 'A', does: 'Draw over the film', letter: true, action: 'draw' },
	{ keys: ['r'], label: 'R, then 1–9', does: 'React', letter: true, action: 'react' },
	{ keys: ['Enter', 't'], label: 'Enter, T', does: 'Write in the chat', letter: true, action: 'chat' },
	{ keys: ['Escape'], label: 'Esc', does: 'Back to the film', action: 'escape' },
	{ keys: ['f'], label: 'F', does: 'Fullscreen', letter: true, action: 'fullscreen' },
	{ keys: ['w'], label: 'W', does: 'Theatre', letter: true, action: 'theatre' },
	{ keys: ['p'], label: 'P', does: 'Picture in picture', letter: true, action: 'pip' },
	{ keys: ['q'], label: 'Q', does: 'Queue', letter: true, action: 'queue' },
	{ keys: ['o'], label: 'O', does: 'Polls; 1–9 vote while one has the focus', letter: true, action: 'polls' },
	{ keys: ['h'], label: 'H', does: 'Host settings', letter: true, action: 'host' },
	{ keys: ['Alt+1'], label: 'Alt 1–4', does: 'Chat, people, polls, queue', action: 'tab1' },
	{ keys: ['Alt+2'], label: '', does: '', action: 'tab2' },
	{ keys: ['Alt+3'], label: '', does: '', action: 'tab3' },
	{ keys: ['Alt+4'], label: '', does: '', action: 'tab4' },
	{ keys: ['?'], label: '?', does: 'This list', action: 'help' },
];

/** Whether the person writes or works a control, so that keys belong to that. */
function occupied(target: EventTarget | null, key: string): boolean {
	if (!(target instanceof HTMLElement)) return false;
	if (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)) return key !== 'Escape';
	if (target.tagName === 'INPUT')
		return key !== 'Escape' && (target as HTMLInputElement).type !== 'range' ? true : key.startsWith('Arrow') || key === 'Home';
	if (target.closest('dialog, [role=menu], [role=tablist]')) return key !== 'Escape';
	return (target.tagName === 'BUTTON' || target.tagName === 'A') && (key === ' ' || key === 'Enter');
}

/** What a key means here and now, or nothing. */
export function actionOf(e: KeyboardEvent, letters: boolean): KeyAction | undefined {
	if (e.ctrlKey || e.metaKey) return undefined;
	const name = e.altKey ? `Alt+${e.key}` : e.key.length === 1 ? e.key.toLowerCase() : e.key;
	if (!e.altKey && occupied(e.target, e.key)) return undefined;
	const k = keys.find((x) => x.keys.includes(name));
	return k && (!k.letter || letters || name.length > 1) && (letters || name !== 'k') ? k.action : undefined;
}
