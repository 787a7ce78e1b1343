import '@fontsource-variable/inter/wght.css';
import './styles/base.css';

import { mount } from 'svelte';

import App from './App.svelte';
import { prefs } from './lib/prefs.svelte';

prefs.apply();
mount(App, { target: document.getElementById('app')! });
