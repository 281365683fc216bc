/*
 * directus.mjs - what the checks share: a Directus to talk to, and named checks.
 *
 *	const directus = await Directus.fromDirectory(DIR);	// where tests/support/directus/start wrote
 *	const { status, code, data } = await directus.call('GET', '/items/messages/…');
 *	check('a missing row answers 403', status === 403, status);
 *	finish();						// N passed, N failed; sets the exit code
 */

import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { Socket } from './websocket.mjs';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Directus {
	constructor(env) {
		this.url = env.DIRECTUS_URL;
		this.service = env.DIRECTUS_API_KEY;
		this.visitor = env.DIRECTUS_TOKEN;
		this.admin = env.DIRECTUS_ADMIN_TOKEN;
		this.conference = env.CONFERENCE_ID;
	}

	static fromDirectory(dir) {
		const lines = readFileSync(`${dir}/env`, 'utf8').trim().split('\n');
		return new Directus(Object.fromEntries(lines.map((line) => line.split(/=(.*)/s))));
	}

	/* One request; a string body goes as it is, token null means nobody's. */
	async call(method, path, body, token = this.service) {
		const begun = performance.now();
		const headers = token === null ? {} : { authorization: `Bearer ${token}` };
		if (body !== undefined)
			headers['content-type'] = 'application/json';
		const response = await fetch(this.url + path, {
			method, headers,
			body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
		});
		const text = await response.text();
		let json = null;
		if (text.startsWith('{'))
			json = JSON.parse(text);
		return {
			status: response.status, headers: response.headers, text, json,
			data: json?.data, code: json?.errors?.[0]?.extensions?.code ?? null,
			error: json?.errors?.[0], ms: performance.now() - begun,
		};
	}

	/* The same, for what has to work; a Directus under pressure is asked again, as a client should. */
	async must(method, path, body, token = this.service) {
		let answer = await this.call(method, path, body, token);
		for (let tries = 0; answer.status === 503 && tries < 40; tries++) {
			await sleep(250);
			answer = await this.call(method, path, body, token);
		}
		if (answer.status >= 300)
			throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
		return answer.data;
	}

	async makeConversation(token = null) {
		const id = randomUUID();
		await this.must('POST', '/items/conversations',
			{ id, conference_id: this.conference, user_created: 'public-user' }, token);
		return id;
	}

	/* count empty assistant rows that are being streamed; their ids, in the key's order. */
	async makeReplies(conversation, count) {
		const rows = Array.from({ length: count }, () => ({
			id: randomUUID(), conversation_id: conversation, role: 'assistant',
			messageText: '', status: 'streaming',
		}));
		await this.must('POST', '/items/messages?fields=id', rows);
		return rows.map(({ id }) => id).sort();
	}

	/* What earlier checks left behind would be settled by a server, and cost it time. */
	forgetMessages() {
		return this.must('DELETE', '/items/messages', { query: { filter: { id: { _nnull: true } }, limit: -1 } }, this.admin);
	}

	/* The visitor's two rows, made as the widget makes them; what it then posts to the server. */
	async ask(question, conversation = null) {
		const message = randomUUID();
		conversation ??= await this.makeConversation();
		await this.must('POST', '/items/messages', {
			id: message, conversation_id: conversation, role: 'user', messageText: question,
			user_created: 'public-user', status: 'completed',
		}, null);
		return { conversation_id: conversation, message_id: message, conference_id: this.conference };
	}

	async post(server, body) {
		const begun = performance.now();
		const response = await fetch(`${server}/api/chat`, {
			method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
		});
		const answer = await response.json();
		return {
			status: response.status, answer, id: answer.assistant_message_id, ms: performance.now() - begun,
			retryAfter: Number(response.headers.get('retry-after') ?? 0),
		};
	}

	/* As a widget that is told to come back does; refusals counts how often it was. */
	async postPatiently(server, body, patienceMs) {
		const begun = performance.now();
		for (let refusals = 0; ; refusals++) {
			const taken = await this.post(server, body);
			const ms = performance.now() - begun;
			if (taken.status !== 503 || taken.retryAfter < 1 || ms > patienceMs)
				return { ...taken, ms, refusals };
			await sleep(taken.retryAfter * 1000);
		}
	}

	/* A socket that has been let in with the widget's token. */
	async socket(options) {
		const socket = await Socket.open(`${this.url.replace(/^http/, 'ws')}/websocket`, options);
		const answer = socket.next((message) => message.type === 'auth');
		socket.send({ type: 'auth', access_token: this.visitor });
		const { status } = await answer;
		if (status !== 'ok')
			throw new Error('the visitor was not let in at the WebSocket');
		return socket;
	}
}

let passed = 0, failed = 0;

/* Says whether it holds, and what was seen where it does not. */
export function check(name, holds, seen) {
	if (holds === true) {
		passed++;
		console.log(`ok ${name}`);
		return;
	}
	failed++;
	console.log(`FAILED ${name}${seen === undefined ? '' : `: ${JSON.stringify(seen)}`}`);
}

/* Runs a group of checks; what it throws is a failure of its own, not the end of the others. */
export async function group(name, run) {
	try {
		await run();
	} catch (error) {
		check(name, false, error.message);
	}
}

export function note(text) {
	console.log(`   ${text}`);
}

/* The closing line; the exit code follows it. No check at all is a failure too. */
export function finish() {
	console.log(`${passed} passed, ${failed} failed`);
	process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

/* The value below which the given share of them lies, rounded to a tenth. */
export function percentile(values, share) {
	const sorted = [...values].sort((a, b) => a - b);
	const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
	return sorted.length === 0 ? NaN : Math.round(sorted[at] * 10) / 10;
}
