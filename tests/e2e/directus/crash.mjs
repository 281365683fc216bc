/*
 * crash.mjs - kill -9 while replies are being written to Directus; afterwards, with a server
 * running again, every one of them has to end completed, with words a visitor can read.
 *
 *	crash.mjs begin DIR NAME SERVER_URL SERVER_PID FILE	asks, kills, leaves the replies' ids in FILE
 *	crash.mjs end DIR NAME FILE
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { Directus, check, finish, group, note, sleep } from './directus.mjs';

const REPLIES = 10, SETTLED_MS = 30000;

const [phase, dir, name, ...rest] = process.argv.slice(2);
const directus = Directus.fromDirectory(dir);
const rows = (ids) => directus.must('GET', `/items/messages?filter[id][_in]=${ids.join()}&limit=-1`);

/* Returns when nothing is left of it, so that the next server finds its place free. */
async function kill(pid) {
	process.kill(pid, 'SIGKILL');
	for (;;) {
		await sleep(50);
		try {
			process.kill(pid, 0);
		} catch {
			return;
		}
	}
}

async function begin(server, pid, file) {
	const bodies = await Promise.all(Array.from({ length: REPLIES }, () =>
		directus.ask('Which sessions are there about water?')));
	const answers = await Promise.all(bodies.map((body) => directus.post(server, body)));
	await kill(Number(pid));
	const ids = answers.map(({ id }) => id);
	writeFileSync(file, JSON.stringify(ids));
	const live = (await rows(ids)).filter(({ status }) => status === 'streaming').length;
	check(`${name}: the server dies while most of ${REPLIES} replies are being written`, live > REPLIES / 2, live);
}

async function end(file) {
	const ids = JSON.parse(readFileSync(file, 'utf8'));
	const begun = performance.now();
	let left = ids.length;
	while (left > 0 && performance.now() - begun < SETTLED_MS) {
		await sleep(250);
		left = (await rows(ids)).filter(({ status }) => status !== 'completed').length;
	}
	check(`${name}: after kill -9 no row stays streaming`, left === 0, left);
	note(`settled ${Math.round(performance.now() - begun)} ms after the server was back`);
	const settled = await rows(ids);
	check(`${name}: and every row has words for the visitor`, settled.length === ids.length &&
		settled.every(({ messageText }) => messageText?.length > 10), settled.map(({ messageText }) => messageText));
}

await group(`${name}: kill -9`, () => (phase === 'begin' ? begin : end)(...rest));
finish();
