/*
 * assumptions.mjs - what docs/directus.md says we rely on, asked of a real Directus.
 *
 *	assumptions.mjs DIR sqlite|postgres
 */

import { randomUUID } from 'node:crypto';
import { Directus, check, finish, group, sleep } from './directus.mjs';

const [dir, database] = process.argv.slice(2);
const directus = Directus.fromDirectory(dir);
const postgres = database === 'postgres';
const { service, visitor, admin } = directus;

const is = (name, holds, seen) => check(`${database}: ${name}`, holds, seen);
const answers = (name, answer, status, code = null) =>
	is(name, answer.status === status && answer.code === code, [answer.status, answer.code, answer.text.slice(0, 200)]);

const conversation = await directus.makeConversation();
const isoUtc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const make = (fields, token = service, query = '') => directus.call('POST', `/items/messages${query}`,
	{ conversation_id: conversation, role: 'assistant', messageText: '', status: 'streaming', ...fields }, token);
const ask = (fields, token = null) => directus.call('POST', '/items/messages',
	{ conversation_id: conversation, role: 'user', messageText: 'When?', ...fields }, token);
const patch = (body, token = service) => directus.call('PATCH', '/items/messages?fields=id', body, token);
const textOf = async (id) => (await directus.must('GET', `/items/messages/${id}?fields=messageText`)).messageText;

await group('creating', async () => {
	const id = randomUUID();
	const made = await make({ id, metadata: { a: 1, b: { c: 2 } }, user_created: 'public-user' });
	answers('a created row answers 200', made, 200);
	is('and is returned in full', made.data.id === id && made.data.status === 'streaming' && made.data.metadata.b.c === 2 &&
		made.data.conversation_id === conversation && made.data.role === 'assistant', made.data);
	is('date_created is ISO 8601 in UTC with milliseconds', isoUtc.test(made.data.date_created) &&
		Math.abs(Date.now() - Date.parse(made.data.date_created)) < 60000, made.data.date_created);
	const again = await make({ id });
	answers('the same id again: 400 RECORD_NOT_UNIQUE', again, 400, 'RECORD_NOT_UNIQUE');
	is('which names the field', again.error.extensions.field === 'id' && again.error.extensions.collection === 'messages', again.error);
	const short = await make({}, service, '?fields=id');
	is('?fields=id answers the id alone, made by Directus', Object.keys(short.data).join() === 'id' && short.data.id.length === 36, short.data);
	const upper = randomUUID().toUpperCase();
	const stored = (await make({ id: upper })).data.id;
	is('an upper-case id is stored in lower case on PostgreSQL alone', stored === (postgres ? upper.toLowerCase() : upper), stored);
	answers('an id that is no UUID: 403', await make({ id: 'nope' }), 403, 'FORBIDDEN');
	answers('an unknown conversation: 400 INVALID_FOREIGN_KEY', await make({ conversation_id: randomUUID() }), 400, 'INVALID_FOREIGN_KEY');
	answers('an unknown field: 403', await ask({ nope: 1 }, visitor), 403, 'FORBIDDEN');
	const nul = await make({ messageText: 'a\0b', status: 'completed' });
	answers('NUL in a text', nul, postgres ? 500 : 200, postgres ? 'INTERNAL_SERVER_ERROR' : null);
	answers('not JSON: 400 INVALID_PAYLOAD', await directus.call('POST', '/items/messages', '{"id":'), 400, 'INVALID_PAYLOAD');
	answers('over MAX_PAYLOAD_SIZE: 400 INVALID_PAYLOAD', await make({ messageText: 'x'.repeat(1 << 20) }), 400, 'INVALID_PAYLOAD');
	answers('an unknown token: 401 INVALID_CREDENTIALS', await make({}, 'wrong'), 401, 'INVALID_CREDENTIALS');
});

await group('a visitor', async () => {
	for (const [who, token] of [['nobody', null], ['the widget', visitor]]) {
		const id = randomUUID();
		const made = await ask({ id, user_created: 'public-user' }, token);
		is(`${who} may ask`, made.status === 200 && made.data.role === 'user' && made.data.messageText === 'When?', made.text);
		const read = await directus.call('GET', `/items/messages/${id}`, undefined, token);
		is(`${who} may read the row`, read.data?.id === id, read.text);
		answers(`${who} may not write as the assistant`, await ask({ role: 'assistant' }, token), 400, 'FAILED_VALIDATION');
		answers(`${who} may not set metadata`, await ask({ metadata: {} }, token), 403, 'FORBIDDEN');
		answers(`${who} may not change a row`,
			await directus.call('PATCH', `/items/messages/${id}`, { messageText: 'x' }, token), 403, 'FORBIDDEN');
		answers(`${who} may not delete a row`, await directus.call('DELETE', `/items/messages/${id}`, undefined, token), 403, 'FORBIDDEN');
	}
	const preflight = await fetch(`${directus.url}/items/messages`, {
		method: 'OPTIONS',
		headers: { origin: 'http://page.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
	});
	is('a page of another origin may ask', preflight.headers.get('access-control-allow-origin') === 'http://page.example', [...preflight.headers]);
});

await group('reading', async () => {
	const { data: { id } } = await make({ messageText: 'Zürich „Ω" 😀' });
	const get = (path, token = service) => directus.call('GET', path, undefined, token);
	is('a row is read by id', (await get(`/items/messages/${id}?fields=messageText`)).data.messageText === 'Zürich „Ω" 😀');
	answers('a missing row: 403', await get(`/items/messages/${randomUUID()}`), 403, 'FORBIDDEN');
	answers('for an admin too', await get(`/items/messages/${randomUUID()}`, admin), 403, 'FORBIDDEN');
	answers('a malformed id: 403', await get('/items/messages/nope'), 403, 'FORBIDDEN');
	answers('an unknown collection: 403', await get('/items/nothing'), 403, 'FORBIDDEN');
	answers('an unknown field: 403', await get(`/items/messages/${id}?fields=id,nope`), 403, 'FORBIDDEN');
	const none = await get(`/items/messages?filter[id][_eq]=${randomUUID()}`);
	is('a filter that finds nothing: 200 []', none.status === 200 && none.data.length === 0, none.text);
	const odd = await get('/items/messages?filter[id][_eq]=nope');
	answers('a filter by an id that is no UUID', odd, postgres ? 500 : 200, postgres ? 'INTERNAL_SERVER_ERROR' : null);
	answers('a filter by nothing: 400 INVALID_QUERY', await get('/items/messages?filter[id][_eq]='), 400, 'INVALID_QUERY');
	const [{ count }] = (await get('/items/conferences?aggregate[count]=*')).data;
	is('a count is a string on PostgreSQL, a number on SQLite', count === (postgres ? '1' : 1), count);
	const upper = await get(`/items/messages/${id.toUpperCase()}`);
	is('an upper-case id is found on PostgreSQL alone', upper.status === (postgres ? 200 : 403), upper.status);
	const joined = await get(`/items/messages/${id}?fields=id,conversation_id.id,conversation_id.conference_id`);
	is('one GET brings the conversation too', joined.data.conversation_id.id === conversation &&
		joined.data.conversation_id.conference_id === directus.conference, joined.text);
});

await group('history', async () => {
	const mine = await directus.makeConversation();
	for (const text of ['one', 'two', 'three']) {
		await make({ conversation_id: mine, messageText: text });
		await sleep(5);
	}
	const path = `/items/messages?filter[conversation_id][_eq]=${mine}&sort=-date_created&limit=2&fields=id,messageText`;
	const rows = await directus.must('GET', path);
	is('newest first, limited, its fields alone', rows.map((row) => row.messageText).join() === 'three,two' &&
		rows.every((row) => Object.keys(row).sort().join() === 'id,messageText'), rows);
});

await group('times', async () => {
	const { data: { id } } = await make({});
	const { date_created } = await directus.must('PATCH', `/items/messages/${id}?fields=date_created`, { date_created: '2026-01-31T09:30:00+01:00' });
	is('a timestamp comes back in UTC', date_created === '2026-01-31T08:30:00.000Z', date_created);
	const { start_date } = await directus.must('GET', `/items/conferences/${directus.conference}`);
	is('a date stays a date', /^\d{4}-\d\d-\d\d$/.test(start_date), start_date);
});

await group('writing', async () => {
	const ids = await directus.makeReplies(conversation, 150);
	const backwards = [...ids].reverse();
	const [a, b] = ids, missing = randomUUID();

	const one = await directus.call('PATCH', `/items/messages/${a}?fields=id`, { messageText: 'one' });
	is('a single PATCH answers the id', one.status === 200 && one.data.id === a, one.text);
	const array = await patch([{ id: b, messageText: 'of b' }, { id: a, messageText: 'of a' }]);
	is('an array PATCH answers the ids, in their own order', array.data?.map(({ id }) => id).join() === `${a},${b}`, array.text);
	is('each row has its text', await textOf(a) === 'of a' && await textOf(b) === 'of b');
	const keys = await patch({ keys: [b, a], data: { status: 'completed' } });
	is('a keys PATCH answers the ids', keys.data?.map(({ id }) => id).join() === `${a},${b}`, keys.text);
	is('the texts are untouched', await textOf(a) === 'of a');
	const many = await patch(backwards.map((id) => ({ id, messageText: id })));
	is('150 rows in one request are all answered', many.data?.map(({ id }) => id).join() === ids.join(), many.data?.length);
	is('an empty array is fine', (await patch([])).status === 200);
	answers('an entry without id', await patch([{ messageText: 'x' }]), 400, 'INVALID_PAYLOAD');
	await patch([{ id: a, messageText: 'first' }, { id: a, messageText: 'second' }]);
	is('the same id twice: the later wins', await textOf(a) === 'second');
	await directus.must('PATCH', `/items/messages/${a}`, { metadata: { a: 1 } });
	const { metadata } = await directus.must('PATCH', `/items/messages/${a}?fields=metadata`, { metadata: { b: 2 } });
	is('metadata is replaced, not merged', JSON.stringify(metadata) === '{"b":2}', metadata);

	await patch([{ id: a, messageText: 'before' }]);
	const withMissing = [{ id: a, messageText: 'after' }, { id: missing, messageText: 'x' }];
	answers('a missing row: the array is 403', await patch(withMissing), 403, 'FORBIDDEN');
	is('and nothing of it was written', await textOf(a) === 'before');
	answers('a missing row: the keys form is 403', await patch({ keys: [a, missing], data: { status: 'completed' } }), 403, 'FORBIDDEN');
	answers('a missing row: the single form is 403', await directus.call('PATCH', `/items/messages/${missing}`, { messageText: 'x' }), 403, 'FORBIDDEN');
	const silent = await patch(withMissing, admin);
	is('for an admin the array is 200 without the id', silent.status === 200 && silent.data.map(({ id }) => id).join() === a, silent.text);
	is('and the others were written', await textOf(a) === 'after');
	const single = await directus.call('PATCH', `/items/messages/${missing}`, { messageText: 'x' }, admin);
	is('and the single form is 204', single.status === 204 && single.text === '', single.status);
});

/*
 * The rule that no row is in two requests at a time: on PostgreSQL such requests deadlock.
 * Provoked until it happens, at most 30 times; it takes the database a second to notice.
 */
await group('deadlock', async () => {
	if (!postgres)
		return;
	const ids = await directus.makeReplies(conversation, 50);
	const write = (order) => patch(order.map((id) => ({ id, messageText: 'x' })));
	let lost = null;
	for (let i = 0; i < 30 && lost === null; i++)
		lost = (await Promise.all([write(ids), write([...ids].reverse())]))
			.find(({ status }) => status !== 200) ?? null;
	is('two batches of the same rows, in other orders, deadlock: 500', lost?.status === 500 && lost?.code === 'INTERNAL_SERVER_ERROR', lost?.text);
});

await group('what a role may do', async () => {
	const fields = await directus.call('GET', '/fields/messages');
	is('the backend reads the fields of a collection', fields.data?.some(({ field }) => field === 'messageText'), fields.text.slice(0, 200));
	answers('a visitor does not', await directus.call('GET', '/fields/messages', undefined, visitor), 403, 'FORBIDDEN');
	const rights = await directus.call('GET', '/permissions/me');
	is('/permissions/me says what the backend may do', rights.data?.messages?.update?.access === 'full' &&
		rights.data.messages.delete.access === 'none' && rights.data.sessions.create.access === 'none', rights.text.slice(0, 300));
	const info = await directus.call('GET', '/server/info');
	is('/server/info says version and WebSocket', info.data?.version === '11.3.5' && info.data.websocket?.rest?.path === '/websocket', info.text);
	const ping = await directus.call('GET', '/server/ping', undefined, null);
	is('/server/ping answers pong', ping.status === 200 && ping.text === 'pong', ping.text);
});

await group('WebSocket', async () => {
	const [a, b] = await directus.makeReplies(conversation, 2);
	const socket = await directus.socket();
	const subscribe = async (item, extra = {}) => {
		socket.send({ type: 'subscribe', collection: 'messages', item, ...extra });
		return socket.next();
	};
	const init = await subscribe(a, { uid: 'u1' });
	is('init carries one object and the uid', init.type === 'subscription' && init.event === 'init' && init.uid === 'u1' &&
		init.data.id === a && init.data.status === 'streaming' && init.data.conversation_id === conversation, init);
	await directus.must('PATCH', `/items/messages/${a}`, { messageText: 'words' });
	const update = await socket.next();
	is('update carries the whole row', update.event === 'update' && update.uid === 'u1' && update.data.id === a &&
		update.data.messageText === 'words' && update.data.role === 'assistant', update);
	await directus.must('PATCH', '/items/messages', { keys: [a], data: { status: 'completed' } });
	const end = await socket.next();
	is('a keys PATCH shows text and completed together', end.data?.status === 'completed' && end.data.messageText === 'words', end);
	await directus.must('PATCH', `/items/messages/${b}`, { messageText: 'of another row' });
	socket.send({ type: 'ping', uid: 'p' });
	const pong = await socket.next();
	is('a change of another row is not sent; ping is answered', pong.type === 'pong' && pong.uid === 'p', pong);
	const some = await subscribe(b, { uid: 'u2', query: { fields: ['id', 'status'] } });
	is('query.fields narrows the object', JSON.stringify(some.data) === JSON.stringify({ id: b, status: 'streaming' }), some);
	const refused = await subscribe(randomUUID(), { uid: 'u3' });
	is('a missing row: FORBIDDEN, without the uid', refused.type === 'subscribe' && refused.status === 'error' &&
		refused.error.code === 'FORBIDDEN' && refused.uid === undefined, refused);
	socket.send({ type: 'unsubscribe', uid: 'u2' });
	const left = await socket.next();
	is('unsubscribe is answered', left.event === 'unsubscribe' && left.uid === 'u2', left);
	await directus.must('DELETE', `/items/messages/${a}`, undefined, admin);
	const gone = await socket.next();
	is('delete carries the id', gone.event === 'delete' && gone.data === a, gone);
	socket.close();

	const stranger = await import('./websocket.mjs').then(({ Socket }) =>
		Socket.open(`${directus.url.replace(/^http/, 'ws')}/websocket`));
	stranger.send({ type: 'subscribe', collection: 'messages', item: b });
	const no = await stranger.next();
	is('in handshake mode the first message must be auth', no.type === 'auth' && no.status === 'error' && no.error.code === 'AUTH_FAILED', no);
	stranger.close();
});

finish();
