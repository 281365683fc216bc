/*
 * provision.mjs - gives a new Directus a schema, roles and tokens over its own REST API, loads a
 * conference, and prints what a client needs to know as shell assignments.
 *
 *	provision.mjs URL ADMIN_TOKEN [--schema contract|production] [--conference FILE] [--records] [--accountability]
 *
 * The production schema is that of examples/directus/production.json: other names, relations instead of lists, one
 * conference for the whole instance, and a mark on messages that are complete.
 */

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values: options, positionals: [url, adminToken] } = parseArgs({
	allowPositionals: true,
	options: {
		schema: { type: 'string', default: 'contract' },
		conference: { type: 'string' },
		records: { type: 'boolean', default: false },
		accountability: { type: 'boolean', default: false },
	},
});

const SERVICE_TOKEN = 'service-token-for-the-tests-alone';
const VISITOR_TOKEN = 'visitor-token-for-the-tests-alone';

async function api(method, path, body) {
	const response = await fetch(url + path, {
		method,
		headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
		body: body === undefined ? undefined : JSON.stringify(body),
	});
	const text = await response.text();
	if (!response.ok)
		throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
	return text === '' ? null : JSON.parse(text).data;
}

/* The schema: what CONTRACT calls rows, in Directus' words. */

const key = { field: 'id', type: 'uuid', meta: { special: ['uuid'] }, schema: { is_primary_key: true } };
const created = { field: 'date_created', type: 'timestamp', meta: { special: ['date-created'] }, schema: {} };
const parent = { field: 'conference_id', type: 'uuid', meta: {}, schema: { is_indexed: true } };

const string = (field, value) => ({ field, type: 'string', meta: {}, schema: { default_value: value ?? null } });
const text = (field) => ({ field, type: 'text', meta: {}, schema: {} });
const json = (field) => ({ field, type: 'json', meta: { special: ['cast-json'] }, schema: {} });
const number = (field) => ({ field, type: 'float', meta: {}, schema: {} });
const boolean = (field) => ({ field, type: 'boolean', meta: { special: ['cast-boolean'] }, schema: {} });
const date = (field) => ({ field, type: 'date', meta: {}, schema: {} });
const time = (field) => ({ field, type: 'timestamp', meta: {}, schema: {} });

const contract = {
	conferences: [
		key, string('name'), text('description'), date('start_date'), date('end_date'),
		string('venue'), string('city'), string('timezone'), string('website'), json('info'),
	],
	conversations: [
		key, string('user_created', 'public-user'), created, parent,
		string('source', 'mini'), string('status', 'active'),
	],
	messages: [
		key, { field: 'conversation_id', type: 'uuid', meta: {}, schema: { is_indexed: true } },
		string('user_created', 'public-user'), created, string('role', 'user'),
		text('messageText'), string('status', 'pending'), json('metadata'),
	],
	sessions: [
		key, parent, text('title'), text('subtitle'), text('description'), string('track'),
		string('session_type'), time('start_time'), time('end_time'), string('location'),
		json('speaker_ids'), json('speaker_names'), string('level'), string('language'),
		json('tags'), text('url'),
	],
	speakers: [
		key, parent, text('name'), text('title'), text('company'), text('bio'),
		json('session_ids'), text('url'),
	],
	exhibitors: [
		key, parent, text('name'), string('booth_number'), string('category'),
		text('description'), json('products'), text('website'), string('tier'),
		text('availability'),
	],
};

/* The same in other words: what a mapping is for. */
const aliasOf = (field, special) => ({ field, type: 'alias', meta: { special: [special], interface: 'list-m2m' }, schema: null });
const production_only = {
	Conversation: [key, string('user_created', 'public-user'), created],
	Message: [
		key, { field: 'conversation', type: 'uuid', meta: {}, schema: { is_indexed: true } },
		string('user_created', 'public-user'), created, string('agent', 'user'),
		text('messageText'), boolean('message_complete'),
	],
	location: [key, text('name'), string('code'), json('aliases')],
	session: [
		key, text('title'), text('subtitle'), text('description'), string('track'),
		string('session_type'), time('start_time'), time('end_time'),
		{ field: 'location', type: 'uuid', meta: {}, schema: {} }, string('level'),
		string('language'), json('tags'), text('url'), aliasOf('speakers', 'm2m'),
	],
	speaker: [key, text('name'), text('title'), text('company'), text('bio'), text('url')],
	session_speaker: [
		{ field: 'id', type: 'integer', meta: {}, schema: { is_primary_key: true, has_auto_increment: true } },
		{ field: 'session_id', type: 'uuid', meta: {}, schema: {} },
		{ field: 'speaker_id', type: 'uuid', meta: {}, schema: {} },
	],
	exhibitor: [...contract.exhibitors.filter((field) => field !== parent), json('vector_profile')],
	general_info: [
		{ field: 'id', type: 'integer', meta: {}, schema: { is_primary_key: true, has_auto_increment: true } },
		string('key'), string('title'), text('text'),
	],
};
const production = options.schema === 'production';
if (!production && options.schema !== 'contract')
	throw new Error(`--schema is ${options.schema}; accepted are contract and production`);
const collections = production ? production_only : contract;
const names = production ?
	{ conversations: 'Conversation', messages: 'Message', sessions: 'session', speakers: 'speaker', exhibitors: 'exhibitor' } :
	{ conferences: 'conferences', conversations: 'conversations', messages: 'messages', sessions: 'sessions', speakers: 'speakers',
		exhibitors: 'exhibitors' };
/* What the production schema says by relations, or not at all. */
const elsewhere = new Set(production ? ['conference_id', 'location', 'speaker_ids', 'speaker_names', 'session_ids'] : []);

/* What the file's records hold beyond these: facet fields, each with the type its values have. */
function widen(data) {
	const typeOf = (value) => {
		if (typeof value === 'object')
			return json;
		return { number: number, boolean: boolean }[typeof value] ?? text;
	};
	const records = { conferences: [data.conference], ...data };
	for (const [collection, theirs] of Object.entries(names)) {
		const fields = collections[theirs];
		const known = new Set(fields.map(({ field }) => field));
		for (const record of records[collection] ?? [])
			for (const [name, value] of Object.entries(record))
				if (!known.has(name) && !elsewhere.has(name) && value !== null) {
					known.add(name);
					fields.push(typeOf(value)(name));
				}
	}
}

const relations = production ? [
	['Message', 'conversation', 'Conversation'],
	['session', 'location', 'location'],
	['session_speaker', 'session_id', 'session', { one_field: 'speakers', junction_field: 'speaker_id' }],
	['session_speaker', 'speaker_id', 'speaker', { junction_field: 'session_id' }],
] : [
	['conversations', 'conference_id', 'conferences'],
	['messages', 'conversation_id', 'conversations'],
	['sessions', 'conference_id', 'conferences'],
	['speakers', 'conference_id', 'conferences'],
	['exhibitors', 'conference_id', 'conferences'],
];

async function makeSchema() {
	for (const [collection, fields] of Object.entries(collections)) {
		const meta = { accountability: 'all' };
		if (collection === names.messages && !options.accountability)
			meta.accountability = null;
		await api('POST', '/collections', { collection, fields, meta, schema: {} });
	}
	for (const [collection, field, related_collection, meta = {}] of relations)
		await api('POST', '/relations', {
			collection, field, related_collection, meta, schema: { on_delete: 'CASCADE' },
		});
}

/* Who may do what. The backend reads everything and writes messages; a visitor asks. */

const all = { permissions: {}, fields: ['*'] };
const role_user = { [production ? 'agent' : 'role']: { _eq: 'user' } };

const backend = [
	...Object.keys(collections).map((collection) => ({ collection, action: 'read', ...all })),
	{ collection: names.conversations, action: 'create', ...all },
	{ collection: names.conversations, action: 'update', ...all },
	{ collection: names.messages, action: 'create', ...all },
	{ collection: names.messages, action: 'update', ...all },
	/* For the check of the schema at start. */
	...['directus_collections', 'directus_fields', 'directus_relations']
		.map((collection) => ({ collection, action: 'read', ...all })),
];

const visitor = [
	{
		collection: names.conversations, action: 'create', permissions: {}, validation: {},
		presets: production ? {} : { source: 'mini', status: 'active' },
		fields: production ? ['id', 'user_created'] : ['id', 'conference_id', 'user_created', 'source', 'status'],
	},
	{
		collection: names.messages, action: 'create', permissions: {}, validation: role_user,
		presets: production ? { agent: 'user' } : { role: 'user', status: 'completed' },
		fields: production ? ['id', 'conversation', 'user_created', 'agent', 'messageText'] :
			['id', 'conversation_id', 'user_created', 'role', 'messageText', 'status'],
	},
	...Object.values(names).map((collection) => ({ collection, action: 'read', ...all })),
];

async function grant(policy, permissions) {
	await api('POST', '/permissions', permissions.map((one) => ({ ...one, policy })));
}

async function makeUser(name, token, permissions) {
	const policy = await api('POST', '/policies', { name, admin_access: false, app_access: false });
	const role = await api('POST', '/roles', { name, policies: [{ policy: policy.id }] });
	await api('POST', '/users', {
		email: `${name}@example.com`, password: `password of ${name}`, first_name: name,
		role: role.id, token,
	});
	await grant(policy.id, permissions);
}

async function makeRoles() {
	const policies = await api('GET', '/policies?fields=id,name,icon&limit=-1');
	const open = policies.find((policy) => policy.name === '$t:public_label');
	if (open === undefined)
		throw new Error('this Directus has no public policy');
	await grant(open.id, visitor);
	await makeUser('erleah', SERVICE_TOKEN, backend);
	await makeUser('visitor', VISITOR_TOKEN, visitor);
}

/* The conference, from the normalised JSON. */

async function post(collection, rows) {
	for (let from = 0; from < rows.length; from += 100)
		await api('POST', `/items/${collection}?fields=id`, rows.slice(from, from + 100));
}

/* Rooms, speakers of sessions and pages are rows of their own here. */
async function loadProduction(data) {
	const places = [...new Set(data.sessions.map(({ location }) => location).filter(Boolean))];
	const rooms = places.map((name) => ({ id: randomUUID(), name, ...roomOf(data, name) }));
	const roomId = new Map(rooms.map(({ id, name }) => [name, id]));
	const without = (record) => Object.fromEntries(Object.entries(record).filter(([name]) => !elsewhere.has(name)));
	await post('location', rooms);
	await post('speaker', data.speakers.map(without));
	await post('exhibitor', data.exhibitors.map((record) => ({ ...without(record), vector_profile: [0.5, 0.25] })));
	await post('session', data.sessions.map((record) => ({
		...without(record), location: roomId.get(record.location) ?? null,
	})));
	await post('session_speaker', data.sessions.flatMap((session) =>
		(session.speaker_ids ?? []).map((speaker_id) => ({ session_id: session.id, speaker_id }))));
	await post('general_info', Object.entries(data.conference.info ?? {}).map(([key, page]) =>
		typeof page === 'string' ? { key, text: page } : { key, ...page }));
	return data.conference.id;
}

function roomOf(data, name) {
	const { code, aliases } = (data.conference.rooms ?? []).find((room) => room.name === name) ?? {};
	return { code, aliases };
}

async function load(data) {
	if (production)
		return loadProduction(data);
	const { id } = await api('POST', '/items/conferences', data.conference);
	if (options.records)
		for (const collection of ['sessions', 'speakers', 'exhibitors']) {
			const rows = (data[collection] ?? []).map((record) => ({ ...record, conference_id: id }));
			await post(collection, rows);
		}
	return id;
}

const data = options.conference ? JSON.parse(readFileSync(options.conference, 'utf8')) : null;
if (data)
	widen(data);
await makeSchema();
await makeRoles();
const conference = data ? await load(data) : '';
console.log(`DIRECTUS_URL=${url}
DIRECTUS_API_KEY=${SERVICE_TOKEN}
DIRECTUS_TOKEN=${VISITOR_TOKEN}
DIRECTUS_ADMIN_TOKEN=${adminToken}
CONFERENCE_ID=${conference}`);
