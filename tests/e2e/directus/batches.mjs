/*
 * batches.mjs - the writer's way of ending replies, tried on Directus itself: 50 rows, 50
 * subscribers, growing texts by array PATCH with the status untouched, then one `keys` PATCH
 * that completes the batch. Every subscriber has to see `completed` with exactly its text.
 *
 *	batches.mjs DIR NAME
 *
 * It also shows what becomes of the obvious way, the status inside the array, as a note: on
 * PostgreSQL subscribers are then sent rows as they were (docs/directus.md).
 */

import { Directus, check, finish, group, note, percentile, sleep } from './directus.mjs';
import { Subscribers } from './subscribers.mjs';

const ROWS = 50, UPDATES = 8, ROUNDS = 3, PAUSE_MS = 150;

const [dir, name] = process.argv.slice(2);
const directus = Directus.fromDirectory(dir);

const words = (id, update) => Array.from({ length: update },
	(_, i) => `Satz ${i + 1} für ${id.slice(0, 8)}: «Ω 日本語 🎤» and "quotes" \\ too.`).join('\n');

/* Grows the texts of all rows; the last texts, by id. */
async function stream(ids, times) {
	for (let update = 1; update <= UPDATES; update++) {
		const begun = performance.now();
		await directus.must('PATCH', '/items/messages?fields=id',
			ids.map((id) => ({ id, messageText: words(id, update) })));
		times.push(performance.now() - begun);
		if (update < UPDATES)
			await sleep(PAUSE_MS);
	}
	return new Map(ids.map((id) => [id, words(id, UPDATES)]));
}

async function withSubscribers(run) {
	const ids = await directus.makeReplies(await directus.makeConversation(), ROWS);
	const visitors = new Subscribers(directus, ids);
	try {
		await visitors.start();
		await run(ids, visitors);
	} finally {
		visitors.close();
	}
}

async function completedByKeys(round) {
	await withSubscribers(async (ids, visitors) => {
		const times = [];
		const texts = await stream(ids, times);
		const begun = performance.now();
		const done = await directus.must('PATCH', '/items/messages?fields=id',
			{ keys: ids, data: { status: 'completed' } });
		const patchMs = performance.now() - begun;
		await visitors.wait(5000);
		const seen = visitors.all.map((one) => one.completed()).filter(Boolean).map(({ atMs }) => atMs - begun);
		await sleep(300);
		check(`${name}: round ${round}: all ${ROWS} rows are completed by one request`, done.length === ROWS, done.length);
		check(`${name}: round ${round}: ${ROWS} of ${ROWS} sockets see completed with exactly the text`,
			visitors.exact(texts) === ROWS, visitors.exact(texts));
		check(`${name}: round ${round}: every socket sees its text grow`,
			visitors.all.every((one) => one.steps() >= 3), visitors.all.map((one) => one.steps()));
		note(`array PATCH of ${ROWS}: ${percentile(times, 0.5)} ms (p50); keys PATCH: ${Math.round(patchMs)} ms; at the sockets after ` +
			`${percentile(seen, 0.5)} (p50), ${percentile(seen, 1)} ms (last); ` +
			`${visitors.all.filter((one) => one.wentBack()).length} were told something older afterwards`);
	});
}

async function completedInTheArray() {
	await withSubscribers(async (ids, visitors) => {
		const texts = await stream(ids, []);
		await directus.must('PATCH', '/items/messages?fields=id',
			ids.map((id) => ({ id, messageText: texts.get(id), status: 'completed' })));
		await visitors.wait(1500);
		note(`for comparison, the status inside the array: ${visitors.exact(texts)} of ${ROWS} sockets see the end`);
	});
}

for (let round = 1; round <= ROUNDS; round++)
	await group(`${name}: round ${round}`, () => completedByKeys(round));
await completedInTheArray();
await directus.forgetMessages();
finish();
