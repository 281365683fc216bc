/*
 * subscribers.mjs - many visitors' sockets, each subscribed by item to one message, and what
 * every one of them saw and when.
 *
 * Beside the checks that import it, a program of its own, which waits for rows to complete:
 *
 *	subscribers.mjs DIR [--timeout SECONDS] MESSAGE_ID...
 */

import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { Directus, check, finish, note, percentile, sleep } from './directus.mjs';

/*
 * One visitor. Does as the widget does: authenticate, subscribe by item, and read the row once
 * more after `init`, since Directus reads what it puts there before it enters the subscription.
 */
export class Subscriber {
	seen = []; /* { atMs, event, text, status }, in the order of arrival */
	refused = null;

	constructor(directus, id) {
		this.directus = directus;
		this.id = id;
	}

	async open() {
		this.socket = await this.directus.socket({
			onMessage: (message, atMs) => this.#message(message, atMs),
		});
	}

	/* Resolves at `init`. */
	async subscribe() {
		const init = this.socket.next((message) => message.type === 'subscription' && message.event === 'init');
		this.socket.send({ type: 'subscribe', collection: 'messages', item: this.id, uid: this.id });
		await init;
	}

	/* What the widget adds: one read, so that nothing is lost between init's read and the entry. */
	async readBack() {
		if (this.completed())
			return;
		const row = await this.directus.must('GET', `/items/messages/${this.id}`, undefined, this.directus.visitor);
		this.#saw('read', row, performance.now());
	}

	completed() {
		return this.seen.find(({ status }) => status === 'completed') ?? null;
	}

	/* True when, after `completed`, the socket was told something older. */
	wentBack() {
		const at = this.seen.findIndex(({ status }) => status === 'completed');
		return at >= 0 && this.seen.slice(at).some(({ status, text }) =>
			status !== 'completed' || text !== this.seen[at].text);
	}

	/* The texts that differ from the one before, without the empty one. */
	steps() {
		return this.seen.filter(({ text }, i) => text && text !== this.seen[i - 1]?.text).length;
	}

	close() {
		this.socket?.close();
	}

	#message(message, atMs) {
		if (message.status === 'error')
			this.refused = message.error;
		if (message.type === 'subscription' && message.data)
			this.#saw(message.event, message.data, atMs);
	}

	#saw(event, row, atMs) {
		if (row.id !== this.id)
			throw new Error(`subscribed to ${this.id} and was sent ${row.id}`);
		this.seen.push({ atMs, event, text: row.messageText ?? '', status: row.status });
	}
}

export class Subscribers {
	constructor(directus, ids) {
		this.all = ids.map((id) => new Subscriber(directus, id));
	}

	async start() {
		await Promise.all(this.all.map((one) => one.open()));
		await Promise.all(this.all.map((one) => one.subscribe()));
	}

	/* Until all have seen `completed`, or the time is over. */
	async wait(timeoutMs) {
		const end = performance.now() + timeoutMs;
		while (performance.now() < end && !this.all.every((one) => one.completed()))
			await sleep(20);
	}

	/* How many saw completed with exactly their text; texts is a Map of id to text. */
	exact(texts) {
		return this.all.filter((one) => one.completed()?.text === texts.get(one.id)).length;
	}

	close() {
		for (const one of this.all)
			one.close();
	}
}

async function main() {
	const { values, positionals: [dir, ...ids] } = parseArgs({
		allowPositionals: true,
		options: { timeout: { type: 'string', default: '60' } },
	});
	const directus = Directus.fromDirectory(dir);
	const visitors = new Subscribers(directus, ids);
	const begun = performance.now();
	await visitors.start();
	await Promise.all(visitors.all.map((one) => one.readBack()));
	await visitors.wait(Number(values.timeout) * 1000);
	const texts = new Map();
	for (const one of visitors.all) {
		const row = await directus.must('GET', `/items/messages/${one.id}?fields=messageText,status`);
		texts.set(one.id, row.messageText);
		check(`${one.id} ended on its text`,
			row.status === 'completed' && one.completed()?.text === row.messageText, one.seen.at(-1));
	}
	const times = visitors.all.map((one) => one.completed()).filter(Boolean).map(({ atMs }) => atMs - begun);
	note(`${visitors.exact(texts)} of ${ids.length}, after ${percentile(times, 0.5)} ms (p50), ${percentile(times, 1)} ms (last)`);
	visitors.close();
	finish();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
	await main();
