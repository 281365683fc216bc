/*
 * chats.mjs - a running erleah-server whose rows are in a real Directus: one chat as the widget
 * has it, what it refuses, and 50 replies live at once, measured at 50 visitors' sockets.
 *
 *	chats.mjs DIR NAME SERVER_URL CONFERENCE_FILE
 */

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Directus, check, finish, group, note, percentile, sleep } from './directus.mjs';
import { Subscriber } from './subscribers.mjs';

const VISITORS = 50, PATIENCE_MS = 60000;

const [dir, name, server, file] = process.argv.slice(2);
const directus = Directus.fromDirectory(dir);
const { sessions } = JSON.parse(readFileSync(file, 'utf8'));

const is = (what, holds, seen) => check(`${name}: ${what}`, holds, seen);

/* Sessions one can ask for by title: it is theirs alone, and long enough to be a name. */
const titles = new Map();
for (const { title } of sessions)
	titles.set(title, (titles.get(title) ?? 0) + 1);
const named = sessions.filter(({ title, location }) => titles.get(title) === 1 && title.length >= 15 && location);

const ask = (question, conversation) => directus.ask(question, conversation);
const post = (body) => directus.post(server, body);
const row = (id) => directus.must('GET', `/items/messages/${id}`, undefined, directus.visitor);

async function finished(id) {
	const end = performance.now() + PATIENCE_MS;
	let last = await row(id);
	while (last.status !== 'completed' && performance.now() < end) {
		await sleep(100);
		last = await row(id);
	}
	return last;
}

await group(`${name}: one chat`, async () => {
	const session = named[0];
	const body = await ask(`When and where is "${session.title}"?`);
	const first = await post(body);
	is('a question is taken: 200 with the id of the reply', first.status === 200 && first.answer.success === true &&
		/^[0-9a-f-]{36}$/.test(first.id), first);
	const born = await row(first.id);
	is('the reply has a row at once, the assistant\'s, in the conversation', born.role === 'assistant' &&
		born.conversation_id === body.conversation_id && ['streaming', 'completed'].includes(born.status), born);
	const reply = await finished(first.id);
	is('the row ends completed, with words', reply.status === 'completed' && reply.messageText.length > 20, reply);
	is('the answer says where', reply.messageText.includes(session.location), reply.messageText);
	const references = reply.metadata?.references ?? [];
	is('it refers to the session', references.some(({ type, id }) => type === 'session' && id === session.id), references);
	const known = await Promise.all(references.map(({ type, id }) => type === 'info' ? { status: 200 } :
		directus.call('GET', `/items/${type}s/${id}?fields=id`)));
	is('every reference is a record of Directus', known.every(({ status }) => status === 200), references);
	is('the outcome is in the metadata', reply.metadata?.outcome === 'ok', reply.metadata);

	const shown = await (await fetch(`${server}/api/chat/${first.id}`)).json();
	is('GET /api/chat/{id} tells the same text', shown.text === reply.messageText && shown.state === 'completed', shown);
	const again = await post(body);
	is('the same request again is the same reply', again.status === 200 && again.id === first.id, again);
	const rows = await directus.must('GET', `/items/messages?filter[conversation_id][_eq]=${body.conversation_id}&fields=id`);
	is('and makes no second row', rows.length === 2, rows);

	const follow = await post(await ask('Who speaks there?', body.conversation_id));
	const second = await finished(follow.id);
	is('a follow-up is answered from the history in Directus', second.status === 'completed' &&
		(session.speaker_names ?? []).every((speaker) => second.messageText.includes(speaker)),
		[session.speaker_names, second.messageText]);
});

await group(`${name}: refusals`, async () => {
	const body = await ask('When does it begin?');
	const other = await ask('And what then?');
	const refused = async (what, change, status, sentence) => {
		const answer = await post({ ...body, ...change });
		is(`${what}: ${status}`, answer.status === status && answer.answer.success === false &&
			(sentence === undefined || answer.answer.error === sentence), answer);
	};
	await refused('an unknown conversation', { conversation_id: randomUUID() }, 404, 'Conversation not found');
	await refused('an unknown message', { message_id: randomUUID() }, 404, 'Message not found');
	await refused('a message of another conversation', { message_id: other.message_id }, 404, 'Message not found');
	await refused('an unknown conference', { conference_id: randomUUID() }, 404);
	await refused('an id that is no UUID', { message_id: 'nope' }, 400);
});

/*
 * 50 visitors, each in a conversation of its own: rows made and sockets open beforehand, then all
 * questions at once. Each subscribes by item as soon as it knows its reply, as the widget does.
 */
await group(`${name}: ${VISITORS} at once`, async () => {
	const visitors = await Promise.all(Array.from({ length: VISITORS }, async (_, i) => {
		const session = named[i % named.length];
		const body = await ask(`When and where is "${session.title}"?`);
		const subscriber = new Subscriber(directus, null);
		await subscriber.open();
		return { session, body, subscriber };
	}));
	const begun = performance.now();
	try {
		await Promise.all(visitors.map(async (visitor) => {
			const { id, status, ms, refusals } = await directus.postPatiently(server, visitor.body, PATIENCE_MS);
			Object.assign(visitor, { id, status, ms, refusals });
			if (status !== 200)
				return;
			visitor.subscriber.id = id;
			await visitor.subscriber.subscribe();
			await visitor.subscriber.readBack();
		}));
		const statuses = visitors.map(({ status }) => status);
		is(`${VISITORS} questions at once are all taken`, statuses.every((status) => status === 200), statuses);
		if (!statuses.every((status) => status === 200))
			return;
		const end = performance.now() + PATIENCE_MS;
		while (performance.now() < end && !visitors.every(({ subscriber }) => subscriber.completed()))
			await sleep(20);
	} finally {
		for (const { subscriber } of visitors)
			subscriber.close();
	}

	const rows = await Promise.all(visitors.map(({ id }) => row(id)));
	const ends = visitors.map(({ subscriber }) => subscriber.completed());
	const exact = ends.filter((end, i) => end !== null && end.text === rows[i].messageText && rows[i].status === 'completed');
	is(`${VISITORS} of ${VISITORS} subscribers see completed with exactly the row's text`, exact.length === VISITORS,
		visitors.filter((_, i) => ends[i]?.text !== rows[i].messageText).map(({ subscriber }) => subscriber.seen.at(-1)));
	const astray = rows.map(({ messageText }, i) => [visitors[i].session.title, messageText])
		.filter(([, text], i) => !text.includes(visitors[i].session.location));
	is('each has the answer to its own question', astray.length === 0, astray);
	is('nobody is told something older after the end', !visitors.some(({ subscriber }) => subscriber.wentBack()));

	/* How many were live together: from the first sight of the row, still streaming, to its end. */
	const spans = visitors.map(({ subscriber: { seen } }, i) => [seen[0].atMs, ends[i]?.atMs ?? Infinity, seen[0].status]);
	const live = Math.max(...spans.map(([at]) => spans.filter(([from, to]) => from <= at && at < to).length));
	const socket = ends.filter((end) => end !== null && end.event !== 'read').length;
	is('most were seen growing, and live together', live > VISITORS / 2, live);
	const refused = visitors.reduce((sum, { refusals }) => sum + refusals, 0);
	note(`${live} live together; ${refused} times 503 and taken later; ${socket} ended at the socket, ${exact.length - socket} by the read after init; ` +
		`POST ${percentile(visitors.map(({ ms }) => ms), 0.5)} ms (p50), ${percentile(visitors.map(({ ms }) => ms), 1)} ms (slowest); ` +
		`completed after ${percentile(ends.map((end) => end?.atMs - begun), 0.5)} ms (p50), ` +
		`${percentile(ends.map((end) => end?.atMs - begun), 1)} ms (last)`);
});

await group(`${name}: afterwards`, async () => {
	await sleep(500);
	const left = await directus.must('GET', '/items/messages?filter[status][_eq]=streaming&fields=id,date_created');
	is('no row is left streaming', left.length === 0, left);
});

finish();
