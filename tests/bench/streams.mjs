/*
 * streams.mjs - many answers live at once on one Directus, seen at their visitors' sockets.
 *
 *	streams.mjs DIR NAME SERVER_URL MODEL_URL CHATS
 *
 * First through a running erleah-server with the model's double behind it; then by a backend that is as plain as can be: for each
 * chat a timer of 200 ms, and a PATCH with the text so far when it fires, the last one with the status. The same
 * texts at the same pace, the same subscribers.
 */

import { randomUUID } from 'node:crypto';
import { Directus, check, finish, note, percentile, sleep } from '../e2e/directus/directus.mjs';
import { Subscriber } from '../e2e/directus/subscribers.mjs';

const [dir, name, server, model, count] = process.argv.slice(2);
const CHATS = Number(count), WORDS = 80, PACE_MS = 300, EVERY_MS = 200, RAMP_MS = 150, PATIENCE_MS = 240000, GAP_MS = 5000;
const directus = Directus.fromDirectory(dir);
const echoOf = (of) => Array.from({ length: WORDS }, (_, i) => `${of}-${i}`).join(' ') + '.';
const is = (what, holds, seen) => check(`${name}: ${what}`, holds, seen);

/* So many at a time: what is prepared is not what is measured. */
async function each(list, at_once, run) {
	const left = [...list.entries()];
	await Promise.all(Array.from({ length: at_once }, async () => {
		for (let next = left.shift(); next; next = left.shift())
			await run(next[1], next[0]);
	}));
}

async function metrics() {
	const text = await (await fetch(`${server}/metrics`)).text();
	const all = new Map(text.split('\n').filter((line) => line && line[0] !== '#').map((line) => {
		const at = line.lastIndexOf(' ');
		return [line.slice(0, at), Number(line.slice(at + 1))];
	}));
	const sum = (metric) => [...all].reduce((n, [key, value]) => n + (key.startsWith(metric) ? value : 0), 0);
	return {
		rows: sum('erleah_writer_rows_total'), requests: sum('erleah_writer_requests_total'),
		refused: sum('erleah_store_failures_total{cause="overloaded"}') + sum('erleah_store_failures_total{cause="rate_limited"}'),
		failed: sum('erleah_store_failures_total'),
	};
}

const visitors = () => Array.from({ length: CHATS }, (_, i) => ({ name: `c${randomUUID().slice(0, 6)}n${i}` }));

async function open(visitor) {
	visitor.subscriber = new Subscriber(directus, null);
	await visitor.subscriber.open();
}

async function watch(visitor) {
	visitor.subscriber.id = visitor.id;
	await visitor.subscriber.subscribe();
	await visitor.subscriber.readBack();
}

async function until_completed(all) {
	const end = performance.now() + PATIENCE_MS;
	while (performance.now() < end && !all.every(({ subscriber }) => subscriber.completed()))
		await sleep(50);
	all.forEach(({ subscriber }) => subscriber.close());
}

/* --- What was seen ------------------------------------------------------------------------ */

/* The longest time that a socket heard nothing new while the model spoke. */
function gap({ subscriber: { seen } }) {
	let at = null, text = null, longest = 0;
	for (const one of seen) {
		if (one.text === text && one.status !== 'completed') continue;
		if (at !== null) longest = Math.max(longest, one.atMs - at);
		[at, text] = [one.atMs, one.text];
	}
	return longest;
}

async function judge(all) {
	const rows = new Map();
	for (let from = 0; from < all.length; from += 50) {
		const ids = all.slice(from, from + 50).map(({ id }) => id);
		for (const row of await directus.must('GET', `/items/messages?filter[id][_in]=${ids.join(',')}&fields=id,messageText,status&limit=100`))
			rows.set(row.id, row);
	}
	const ends = all.map(({ subscriber }) => subscriber.completed());
	const spans = all.map(({ subscriber: { seen } }, i) => [seen[0]?.atMs ?? 0, ends[i]?.atMs ?? 0]);
	return {
		exact: all.filter(({ id, name: of }) => rows.get(id)?.messageText === echoOf(of) && rows.get(id).status === 'completed').length,
		seen: all.filter(({ name: of }, i) => ends[i]?.text === echoOf(of)).length,
		older: all.filter(({ subscriber }) => subscriber.wentBack()).length,
		live: Math.max(...spans.map(([at]) => spans.filter(([from, to]) => from <= at && at < to).length)),
		gaps: all.map(gap), steps: all.map(({ subscriber }) => subscriber.steps()),
		lags: all.map((visitor, i) => ends[i] ? performance.timeOrigin + ends[i].atMs - visitor.ended : NaN).filter((n) => !Number.isNaN(n)),
		odd: all.filter(({ name: of }, i) => ends[i]?.text !== echoOf(of)).slice(0, 2).map(({ id, name: of, subscriber }) =>
			[of, rows.get(id), subscriber.seen.at(-1)]),
	};
}

/* --- Ours -------------------------------------------------------------------------------------- */

async function ours() {
	const all = visitors();
	await fetch(`${model}/control/requests`, { method: 'DELETE' });
	await fetch(`${model}/control/always`, { method: 'POST', body: JSON.stringify({ for: 'stream', echo: WORDS, pace_ms: PACE_MS }) });
	await each(all, 8, async (visitor) => {
		visitor.body = await directus.ask(`What is on about energy? #${visitor.name}`);
		await open(visitor);
	});
	const before = await metrics(), begun = performance.now();
	await Promise.all(all.map(async (visitor, i) => {
		await sleep(i * RAMP_MS);
		Object.assign(visitor, await directus.postPatiently(server, visitor.body, PATIENCE_MS));
		if (visitor.status === 200)
			await watch(visitor);
	}));
	await until_completed(all);
	const took_s = (performance.now() - begun) / 1000, after = await metrics();
	for (const { body, closed_ms } of await (await fetch(`${model}/control/requests`)).json()) {
		const of = body?.stream && /#(c\w+)/.exec(JSON.stringify(body.messages.at(-1)) + JSON.stringify(body.messages))?.[1];
		const visitor = of && all.find((one) => one.name === of);
		if (visitor) visitor.ended = closed_ms;
	}
	const seen = await judge(all);
	return {
		...seen, took_s, rows_s: (after.rows - before.rows) / took_s, requests_s: (after.requests - before.requests) / took_s,
		per_request: (after.rows - before.rows) / (after.requests - before.requests), refused: after.refused - before.refused,
		taken: all.filter(({ status }) => status === 200).length, later: all.reduce((n, { refusals }) => n + (refusals ?? 0), 0),
		post: all.map(({ ms }) => ms),
	};
}

/* --- The plain one ------------------------------------------------------------------------------ */

async function plain_chat(visitor, tally) {
	const words = echoOf(visitor.name), pieces = words.match(/[\s\S]{1,5}/gu);
	let text = '', written = '', done = false;
	const model_speaks = (async () => {
		for (const piece of pieces) {
			await sleep(PACE_MS);
			text += piece;
		}
		visitor.ended = Date.now();
		done = true;
	})();
	while (!done || written !== text || !visitor.completed) {
		await sleep(EVERY_MS);
		if (text === written && !done) continue;
		const last = done, now = text;
		const answer = await directus.call('PATCH', `/items/messages/${visitor.id}?fields=id`,
			{ messageText: now, ...(last && { status: 'completed' }) }).catch(() => ({ status: 0 }));
		tally.requests++;
		if (answer.status === 200) {
			tally.rows++;
			written = now;
			visitor.completed = last;
		} else {
			tally.refused++;
		}
		if (performance.now() > tally.end) break;
	}
	await model_speaks;
}

async function plain() {
	const all = visitors(), tally = { requests: 0, rows: 0, refused: 0, end: performance.now() + PATIENCE_MS };
	const conversation = await directus.makeConversation();
	for (let from = 0; from < CHATS; from += 50) {
		const ids = await directus.makeReplies(conversation, Math.min(50, CHATS - from));
		ids.forEach((id, i) => { all[from + i].id = id; });
	}
	await each(all, 8, open);
	tally.end = performance.now() + PATIENCE_MS;
	const begun = performance.now();
	await Promise.all(all.map(async (visitor, i) => {
		await sleep(i * RAMP_MS);
		await Promise.all([watch(visitor), plain_chat(visitor, tally)]);
	}));
	await until_completed(all);
	const took_s = (performance.now() - begun) / 1000, seen = await judge(all);
	return { ...seen, took_s, rows_s: tally.rows / took_s, requests_s: tally.requests / took_s, per_request: tally.rows / tally.requests, refused: tally.refused };
}

/* --- The table ------------------------------------------------------------------------------------- */

await directus.forgetMessages();
const a = await ours();
is(`${CHATS} questions are taken`, a.taken === CHATS, a.taken);
is('most answers are live together', a.live > 0.8 * CHATS, a.live);
is('every final text is in its row, exactly', a.exact === CHATS, [a.exact, a.odd]);
is('and seen completed at its own socket', a.seen === CHATS, [a.seen, a.odd]);
is('nobody is told something older after the end', a.older === 0, a.older);
is(`words reach every socket at least every ${GAP_MS / 1000} s`, a.gaps.every((ms) => ms < GAP_MS), percentile(a.gaps, 1));
is('no storm of refusals', a.refused <= CHATS / 20 && a.later <= CHATS / 20, [a.refused, a.later]);
await directus.forgetMessages();
const b = await plain();

const ms = (value) => (Number.isNaN(value) ? '' : String(Math.round(value)));
const line = (what, value) => console.log(`| ${what} | ${value(a)} | ${value(b)} |`);
console.log(`\n| ${name}, ${CHATS} answers of ${echoOf('c123456n100').length} characters, a piece every ${PACE_MS} ms | erleah-server | each chat every ${EVERY_MS} ms |\n|---|--:|--:|`);
line('live together', ({ live }) => live);
line('rows written per second', ({ rows_s }) => rows_s.toFixed(0));
line('requests per second', ({ requests_s }) => requests_s.toFixed(1));
line('rows in a request', ({ per_request }) => per_request.toFixed(1));
line('refused by Directus (429, 503)', ({ refused }) => refused);
line('exact in the row', ({ exact }) => exact);
line('seen completed and exact at the socket', ({ seen }) => seen);
line('from the model\'s last word to completed at the socket, ms: p50', ({ lags }) => ms(percentile(lags, 0.5)));
line('p95', ({ lags }) => ms(percentile(lags, 0.95)));
line('slowest', ({ lags }) => ms(percentile(lags, 1)));
line('longest silence at a socket, ms: p50', ({ gaps }) => ms(percentile(gaps, 0.5)));
line('longest of all', ({ gaps }) => ms(percentile(gaps, 1)));
line('times that a text grew at its socket: p50', ({ steps }) => percentile(steps, 0.5));
line('all of it, s', ({ took_s }) => took_s.toFixed(0));
console.log('');
note(`POST ${ms(percentile(a.post, 0.5))} ms (p50), ${ms(percentile(a.post, 0.95))} ms (p95); ${a.later} were asked to come again`);
finish();
