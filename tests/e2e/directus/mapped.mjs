/*
 * mapped.mjs - chats over a Directus of the production schema: rows in its own names, completion where a reader can see it,
 * records by relations, and a conference that is no row.
 *
 *	mapped.mjs DIR NAME SERVER_URL CONFERENCE_FILE MAPPING_FILE
 */

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Directus, check, finish, group, sleep } from './directus.mjs';

const PATIENCE_MS = 30000;

const [dir, name, server, file, mappingFile] = process.argv.slice(2);
const directus = Directus.fromDirectory(dir);
const { sessions, speakers, exhibitors, conference } = JSON.parse(readFileSync(file, 'utf8'));
const marker = JSON.parse(readFileSync(mappingFile, 'utf8')).messages.fields.status?.field;

const is = (what, holds, seen) => check(`${name}: ${what}`, holds, seen);
const row = (id) => directus.must('GET', `/items/Message/${id}`);

/* The visitor's rows, as a page that knows this schema makes them. */
async function ask(question, conversation = randomUUID()) {
	const message = randomUUID();
	const known = await directus.call('GET', `/items/Conversation/${conversation}`);
	if (known.status !== 200)
		await directus.must('POST', '/items/Conversation', { id: conversation }, null);
	await directus.must('POST', '/items/Message', {
		id: message, conversation, agent: 'user', messageText: question, user_created: 'public-user',
	}, null);
	return { conversation_id: conversation, message_id: message, conference_id: conference.id };
}

async function ended(id) {
	const end = performance.now() + PATIENCE_MS;
	let reply;
	do {
		await sleep(100);
		reply = await (await fetch(`${server}/api/chat/${id}`)).json();
	} while (reply.state !== 'completed' && performance.now() < end);
	return reply;
}

const counts = new Map();
for (const { title } of sessions)
	counts.set(title, (counts.get(title) ?? 0) + 1);
const session = sessions.find(({ title, location, speaker_ids }) => counts.get(title) === 1 && title.length >= 15 && location &&
	speaker_ids?.length > 0);

await group(`${name}: one chat`, async () => {
	const body = await ask(`When and where is "${session.title}"?`);
	const first = await directus.post(server, body);
	is('a question is taken', first.status === 200 && first.answer.success === true, first);
	const events = await (await fetch(`${server}/api/chat/${first.id}/events`)).text();
	is('the event stream ends with done', /event: done\ndata: .*"outcome":"ok"/.test(events), events.slice(-400));
	const reply = await ended(first.id);
	const last = await row(first.id);
	is('the row has the whole answer, in the schema\'s own names', last.messageText === reply.text && last.messageText.length > 20 &&
		last.agent === 'streamingAssistant' && last.conversation === body.conversation_id, last);
	is('the answer says the place, which is a related row', last.messageText.includes(session.location), last.messageText);
	if (marker)
		is('the mark says that it is complete', last[marker] === true, last);
	const again = await directus.post(server, body);
	is('the same request again is the same reply', again.status === 200 && again.id === first.id, again);

	const follow = await directus.post(server, await ask('Who speaks there?', body.conversation_id));
	const second = await ended(follow.id);
	const names = speakers.filter(({ id }) => session.speaker_ids.includes(id)).map((one) => one.name);
	is('a follow-up is answered from the history, with the related speakers', names.every((one) => second.text.includes(one)),
		[names, second.text]);
	const feedback = await fetch(`${server}/api/chat/${first.id}/feedback`, {
		method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"rating":"up"}',
	});
	is('feedback is refused, since there is no place for it', feedback.status === 422, [feedback.status, await feedback.text()]);
});

await group(`${name}: the data`, async () => {
	const page = await directus.post(server, await ask('What is the wifi password?'));
	const reply = await ended(page.id);
	is('a page of general_info answers', reply.references?.some(({ type }) => type === 'info'), reply);
	const stand = exhibitors.find((one) => one.booth_number);
	const at = await ended((await directus.post(server, await ask(`Where is the stand of ${stand.name}?`))).id);
	is('an exhibitor answers', at.text?.includes(stand.booth_number), at.text);
});

/* What a row that was left over can say of itself: only the mark does. */
if (marker)
	await group(`${name}: a row that was left over`, async () => {
		const { conversation_id: conversation } = await ask('And?');
		const id = randomUUID();
		const created = new Date(Date.now() - 600000).toISOString();
		await directus.must('POST', '/items/Message', {
			id, conversation, agent: 'streamingAssistant', messageText: 'Half an', [marker]: false,
		}, directus.admin);
		await directus.must('PATCH', `/items/Message/${id}`, { date_created: created }, directus.admin);
		const end = performance.now() + PATIENCE_MS;
		let last = await row(id);
		while (last[marker] !== true && performance.now() < end) {
			await sleep(200);
			last = await row(id);
		}
		is('is settled and marked', last[marker] === true && last.messageText.startsWith('Half an') &&
			last.messageText.includes('cut short'), last);
	});

finish();
