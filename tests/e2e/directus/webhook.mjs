/*
 * webhook.mjs - a Flow of a real Directus tells a server that records changed: who may tell, what is seen when, and what happens
 * when Directus hangs or denies meanwhile.
 *
 *	webhook.mjs DIR NAME SERVER_URL SECRET CONFERENCE_FILE [MAPPING_FILE]
 *
 * The collections have no dates and rows only change, so nothing but a call of the webhook makes the server read them again.
 */

import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Directus, check, finish, group, sleep } from './directus.mjs';

const PATIENCE_MS = 30000;

const [dir, name, server, secret, file, mapping] = process.argv.slice(2);
const directus = Directus.fromDirectory(dir);
const { exhibitors, sessions } = JSON.parse(readFileSync(file, 'utf8'));
const collection = mapping ? { exhibitors: 'exhibitor', sessions: 'session' } : { exhibitors: 'exhibitors', sessions: 'sessions' };
const pid = Number(readFileSync(`${dir}/directus.pid`, 'utf8'));

const is = (what, holds, seen) => check(`${name}: webhook: ${what}`, holds, seen);
const write = (method, path, body) => directus.must(method, path, body, directus.admin);
const rename = (title) => write('PATCH', `/items/${collection.exhibitors}/${exhibitors[0].id}`, { name: title });

async function call(headers, body = '{}', method = 'POST') {
	const response = await fetch(`${server}/api/ingest/webhook`, {
		method, headers: { 'content-type': 'application/json', ...headers }, body: method === 'GET' ? undefined : body,
	});
	return { status: response.status, body: await response.text() };
}

const signed = (at, body, key = secret) => ({
	'X-Erleah-Timestamp': String(at),
	'X-Erleah-Signature': `sha256=${createHmac('sha256', key).update(`${at}.${body}`).digest('hex')}`,
});
const bearer = { authorization: `Bearer ${secret}` };

async function names(question, entity = 'exhibitors') {
	const response = await fetch(`${server}/api/search?conference_id=${directus.conference}&entity=${entity}&limit=5&raw=true&q=${encodeURIComponent(question)}`);
	return (await response.json()).results.map((one) => one.name);
}

async function until(holds, patience = PATIENCE_MS) {
	for (const end = performance.now() + patience; performance.now() < end; await sleep(100))
		if (await holds())
			return true;
	return false;
}

/* As docs/directus.md says to make it. */
async function makeFlow() {
	const flow = await write('POST', '/flows', {
		name: 'Tell Erleah', status: 'active', trigger: 'event', accountability: null,
		options: { type: 'action', scope: ['items.create', 'items.update', 'items.delete'], collections: Object.values(collection) },
	});
	const operation = await write('POST', '/operations', {
		flow: flow.id, key: 'tell', name: 'Tell', type: 'request', position_x: 19, position_y: 1,
		options: {
			method: 'POST', url: `${server}/api/ingest/webhook`, body: '{"collection":"{{$trigger.collection}}"}',
			headers: [{ header: 'Authorization', value: `Bearer ${secret}` }],
		},
	});
	await write('PATCH', `/flows/${flow.id}`, { operation: operation.id });
	return flow.id;
}

const word = () => `Quaternion${randomUUID().replaceAll(/[^a-f]/g, '').slice(0, 8)}`;
const now = () => Math.floor(Date.now() / 1000);

try {
	await group(`${name}: webhook, who may tell`, async () => {
		const refused = [
			await call({}), await call({ authorization: 'Bearer ' }), await call({ authorization: `Bearer ${secret}x` }),
			await call({ authorization: secret }), await call(signed(now(), '{}', 'another secret altogether')),
			await call(signed(now() - 400, '{}')), await call(signed(now() + 400, '{}')), await call(signed(now(), '{"a":1}')),
			await call({ ...signed(now(), '{}'), 'X-Erleah-Timestamp': String(now() - 9) }),
		];
		is('without the secret, or with a wrong one, it is 401', refused.every(({ status, body }) => status === 401 &&
			JSON.parse(body).success === false), refused);
		const taken = [await call(bearer), await call(signed(now(), '{"a":1}'), '{"a":1}')];
		is('with the secret, or signed with it, it is 202', taken.every(({ status, body }) => status === 202 && body === '{"success":true}'), taken);
		is('only POST is served', (await call(bearer, '', 'GET')).status === 405);
		is('what is not JSON is 400', (await call(bearer, 'x')).status === 400);
	});

	await group(`${name}: webhook, a Flow`, async () => {
		const first = word(), second = word();
		await until(async () => (await names(exhibitors[0].name)).includes(exhibitors[0].name));
		await sleep(3000); /* what was told above is read by then */
		await rename(first);
		await sleep(3000);
		is('without a Flow a change that leaves no trace is not seen yet', !(await names(first)).includes(first));
		const flow = await makeFlow();
		const begun = performance.now();
		await rename(second);
		is('with it, it is seen', await until(async () => (await names(second)).includes(second)));
		check(`${name}: webhook: within 10 s`, performance.now() - begun < 10000, performance.now() - begun);

		for (let i = 0; i < 20; i++)
			await rename(`${second} ${i}`);
		is('of twenty changes the last one stays', await until(async () => (await names(second)).includes(`${second} 19`)));

		const { id, ...row } = await directus.must('GET', `/items/${collection.exhibitors}/${exhibitors[1].id}`, undefined, directus.admin);
		await write('DELETE', `/items/${collection.exhibitors}/${id}`);
		is('what is removed is found no more', await until(async () => !(await names(row.name)).includes(row.name)));
		await write('POST', `/items/${collection.exhibitors}`, { id, ...row });
		is('and again when it is back', await until(async () => (await names(row.name)).includes(row.name)));
		await write('DELETE', `/flows/${flow}`);
	});

	await group(`${name}: webhook, a Directus that is not well`, async () => {
		const third = word(), title = sessions[0].title;
		await rename(third);
		process.kill(pid, 'SIGSTOP');
		is('it is taken while Directus hangs', (await call(bearer)).status === 202);
		await sleep(4000);
		is('and questions are answered from what there is', (await names(title, 'sessions')).includes(title));
		process.kill(pid, 'SIGCONT');
		is('then it is read', await until(async () => (await names(third)).includes(third), 60000));

		const [rights] = await directus.must('GET', `/permissions?filter[collection][_eq]=${collection.sessions}&filter[action][_eq]=read` +
			'&filter[policy][name][_eq]=erleah', undefined, directus.admin);
		await write('DELETE', `/permissions/${rights.id}`);
		const fourth = word();
		await rename(fourth);
		await call(bearer);
		await sleep(4000);
		is('rights taken away take no records away', (await names(title, 'sessions')).includes(title) && !(await names(fourth)).includes(fourth));
		delete rights.id;
		await write('POST', '/permissions', rights);
		is('given back, the wish still holds', await until(async () => (await names(fourth)).includes(fourth), 60000));
		await rename(exhibitors[0].name);
		await call(bearer);
		is('all is as it was', await until(async () => (await names(exhibitors[0].name)).includes(exhibitors[0].name)));
	});
} finally {
	try {
		process.kill(pid, 'SIGCONT');
	} catch {
		/* it ended by itself: a check has said so */
	}
}
finish();
