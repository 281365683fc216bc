/*
 * fake-backend.mjs: a double of everything the widget talks to, for tests of the widget alone.
 * It keeps rows, answers with scripted text at a scripted pace, and misbehaves on demand:
 *
 *   backend.script = { text, word_ms, references, suggestions, hold }   the next answers
 *   backend.refuse = { status, headers, body, times }                   POST /api/chat fails
 *   backend.websocket = "on" | "off" | "hide_end" | "gap"        the realtime side
 *   backend.freeze()                                                    open sockets go silent
 *   backend.cut()                                                       event streams end
 *   backend.calls                                                       requests so far
 */
import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const FILES = new URL("../../../examples/widget/", import.meta.url);
const TYPES = { html: "text/html; charset=utf-8", css: "text/css", js: "text/javascript" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'";

export const CONFERENCE = {
	id: "0b7c0d1e-5f57-4c57-9d0c-3c1f6b1f9a01", name: "Harbour Systems Days 2026", start_date: "2026-06-10", end_date: "2026-06-12",
	venue: "Old Ropeworks", city: "Rotterdam", timezone: "Europe/Amsterdam", website: "https://harbour.example/",
	description: "Three days for people who build and run the systems that a port depends on: scheduling, sensors, safety, and the software in between. Talks in four rooms, an exhibition in the rope hall, and evenings on the quay.",
	info: { wifi: "Network HARBOUR", transport: "Tram 8 and the water bus.", food: "Lunch from 12:15." },
};
const s = (n, title, track, location, start, end, description) => ({
	id: `5e551000-0000-4000-8000-00000000000${n}`, conference_id: CONFERENCE.id, title, track, location, description,
	start_time: `2026-06-1${start}:00+02:00`, end_time: `2026-06-1${end}:00+02:00`, url: "https://harbour.example/s",
});
const RECORDS = {
	conferences: [CONFERENCE],
	sessions: [
		s(1, "Cranes that schedule themselves", "Automation", "Quay Room", "1T10:30", "1T11:15", "How a terminal moved from a nightly plan to a continuous one, which constraints had to stay in human hands, and what the first storm taught the team about undoing decisions that were already half carried out by forty tonnes of steel."),
		s(2, "Reading tides with cheap sensors", "Sensing", "Rope Hall", "1T11:30", "1T12:15", "Calibration, drift and salt."),
	],
	speakers: [{ id: "5beace00-0000-4000-8000-000000000001", conference_id: CONFERENCE.id, name: "Ines Verhoeven", title: "Lead engineer", company: "Maasvlakte Control", bio: "Builds planners." }],
	exhibitors: [{ id: "e1000000-0000-4000-8000-000000000001", conference_id: CONFERENCE.id, name: "Kestrel Hydraulics", booth_number: "B14", category: "Lifting", description: "Quiet pumps." }],
};
export const ANSWER = {
	text: "There are two sessions about automation on **Thursday morning**:\n\n- **Cranes that schedule themselves**, 10:30 in the Quay Room\n- *Reading tides with cheap sensors*, 11:30 in the Rope Hall\n\nInes Verhoeven gives the first one. Both rooms are on the ground floor; see the [floor plan](https://harbour.example/plan) for the way.",
	word_ms: 25,
	references: [
		{ type: "session", id: RECORDS.sessions[0].id, name: RECORDS.sessions[0].title, score: 0.91 },
		{ type: "session", id: RECORDS.sessions[1].id, name: RECORDS.sessions[1].title, score: 0.74 },
		{ type: "speaker", id: RECORDS.speakers[0].id, name: RECORDS.speakers[0].name, score: 0.7 },
		{ type: "info", id: "transport", name: "Getting here", score: 0.3 },
	],
	suggestions: ["And in the afternoon?", "Who is Ines Verhoeven?"],
};

const forbidden = { errors: [{ message: "You don't have permission to access this.", extensions: { code: "FORBIDDEN" } }] };

/* The part of RFC 6455 that short text messages need. */
class Socket {
	constructor(stream, on_message) {
		Object.assign(this, { stream, frozen: false, items: new Set(), buffer: Buffer.alloc(0) });
		stream.on("error", () => {});
		stream.on("data", (data) => {
			if (this.frozen) return;
			this.buffer = Buffer.concat([this.buffer, data]);
			for (let text; (text = this.take()) !== null;) on_message(JSON.parse(text), this);
		});
	}
	take() {
		const b = this.buffer;
		if (b.length < 6) return null;
		const extended = (b[1] & 127) === 126, at = extended ? 8 : 6, size = extended ? b.readUInt16BE(2) : b[1] & 127;
		if (b.length < at + size) return null;
		if ((b[0] & 15) === 8) {
			this.stream.end();
			return null;
		}
		const body = Buffer.from(b.subarray(at, at + size)).map((byte, i) => byte ^ b[at - 4 + (i & 3)]);
		this.buffer = b.subarray(at + size);
		return body.toString();
	}
	send(message) {
		if (this.frozen || this.stream.destroyed) return;
		const body = Buffer.from(JSON.stringify(message));
		const head = body.length < 126 ? Buffer.from([0x81, body.length]) : Buffer.from([0x81, 126, body.length >> 8, body.length & 255]);
		this.stream.write(Buffer.concat([head, body]));
	}
}

export class Backend {
	constructor() {
		Object.assign(this, { script: ANSWER, refuse: null, websocket: "on", token: null, calls: [], sockets: new Set(), streams: new Set(), feedback: [] });
		this.rows = { conversations: new Map(), messages: new Map() };
		this.replies = new Map();
	}
	async start() {
		this.server = createServer((request, response) => this.handle(request, response).catch((e) => response.destroy(e)));
		this.server.on("upgrade", (request, stream) => this.upgrade(request, stream));
		await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
		this.url = `http://127.0.0.1:${this.server.address().port}`;
		return this;
	}
	stop() {
		for (const { stream } of this.sockets) stream.destroy();
		this.server.closeAllConnections();
		return new Promise((done) => this.server.close(done));
	}
	freeze() {
		for (const socket of this.sockets) socket.frozen = true;
	}
	cut() {
		for (const stream of this.streams) stream.end();
	}
	count(method, path) {
		return this.calls.filter((c) => c.method === method && c.path.startsWith(path)).length;
	}

	async handle(request, response) {
		const url = new URL(request.url, this.url), { method } = request;
		let body = "";
		for await (const part of request) body += part;
		const call = { method, path: url.pathname, body: body && JSON.parse(body), origin: request.headers.origin };
		if (method !== "OPTIONS") this.calls.push(call);
		const reply = (status, json, headers = {}) => {
			response.writeHead(status, {
				"Content-Type": "application/json", "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Content-Type, Authorization",
				"Access-Control-Expose-Headers": "Retry-After", ...headers,
			});
			response.end(json === undefined ? "" : JSON.stringify(json));
		};
		if (method === "OPTIONS") return reply(204);
		const [, first, second, id, verb] = url.pathname.split("/");
		if (first === "items") return this.items(method, second, id, call.body, reply, url.searchParams);
		if (first === "api" && second === "chat") return method === "POST" && !id ? this.chat(call.body, reply) : this.reply(id, verb, call.body, reply, response);
		const name = url.pathname === "/" ? "index.html" : url.pathname.slice(1);
		if (!/^[\w-]+\.(html|css|js)$/.test(name)) return reply(404, { success: false, error: "Not found" });
		const headers = { "Content-Type": TYPES[name.split(".").pop()], "Content-Security-Policy": POLICY };
		response.writeHead(200, headers);
		response.end(await readFile(new URL(name, FILES)));
	}
	items(method, collection, id, body, reply, query) {
		if (method === "POST" && this.rows[collection]) {
			if (this.rows[collection].has(body.id)) {
				return reply(400, { errors: [{ message: "Value has to be unique.", extensions: { code: "RECORD_NOT_UNIQUE" } }] });
			}
			this.rows[collection].set(body.id, body);
			return reply(200, { data: body });
		}
		if (id && this.rows[collection]?.has(id)) return reply(200, { data: this.rows[collection].get(id) });
		const parent = query.get("filter[conversation_id][_eq]");
		if (collection === "messages" && parent) return reply(200, { data: [...this.rows.messages.values()].filter((r) => r.conversation_id === parent) });
		if (!RECORDS[collection]) return reply(403, forbidden);
		if (!id) return reply(200, { data: RECORDS[collection] });
		const data = RECORDS[collection].find((r) => r.id === id);
		return data ? reply(200, { data }) : reply(403, forbidden);
	}
	chat({ conversation_id, message_id }, reply) {
		if (this.refuse && this.refuse.times-- > 0) return reply(this.refuse.status, this.refuse.body ?? { success: false, error: "no" }, this.refuse.headers);
		if (!this.rows.conversations.has(conversation_id)) return reply(404, { success: false, error: "Conversation not found" });
		if (!this.rows.messages.has(message_id)) return reply(404, { success: false, error: "Message not found" });
		let id = this.replies.get(message_id);
		if (!id) {
			id = randomUUID();
			this.replies.set(message_id, id);
			this.rows.messages.set(id, { id, conversation_id, role: "assistant", messageText: "", status: "streaming", metadata: null });
			this.answer(id, this.script);
		}
		return reply(200, { success: true, assistant_message_id: id });
	}
	async answer(id, { text, word_ms, references, suggestions, hold }) {
		const row = this.rows.messages.get(id);
		for (const word of text.match(/\s*\S+/g)) {
			await new Promise((done) => setTimeout(done, word_ms));
			while (hold?.now) await new Promise((done) => setTimeout(done, 20));
			if (row.stopped) break;
			row.messageText += word;
			this.publish(row);
		}
		row.status = "completed";
		row.metadata = { outcome: row.stopped ? "stopped" : "ok", references: row.stopped ? [] : references ?? [], suggestions: suggestions ?? [] };
		if (this.websocket !== "hide_end") this.publish(row);
	}
	reply(id, verb, body, reply, response) {
		const row = this.rows.messages.get(id);
		if (!row) return reply(404, { success: false, error: "Reply not found" });
		if (verb === "events") return this.events(row, response);
		if (verb === "stop") row.stopped = true;
		if (verb === "feedback") this.feedback.push({ id, ...body });
		return reply(200, { id, state: row.status, text: row.messageText, references: [], suggestions: [], ...row.metadata });
	}
	async events(row, response) {
		response.writeHead(200, { "Content-Type": "text/event-stream", "Access-Control-Allow-Origin": "*" });
		this.streams.add(response);
		let sent = 0, serial = 0;
		const event = (name, data) => response.write(`id: ${++serial}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
		event("accepted", { assistant_message_id: row.id });
		while (!response.writableEnded && !response.destroyed) {
			const ended = row.status === "completed", text = row.messageText.slice(sent);
			sent += text.length;
			if (text) event("delta", { text });
			if (ended) {
				event("done", { outcome: row.metadata.outcome });
				response.end();
			}
			await new Promise((next) => setTimeout(next, 20));
		}
		this.streams.delete(response);
	}

	upgrade(request, stream) {
		if (this.websocket === "off") return stream.end("HTTP/1.1 503 Service Unavailable\r\n\r\n");
		const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
		stream.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
		const socket = new Socket(stream, (message) => this.message(message, socket));
		socket.granted = !this.token;
		this.sockets.add(socket);
		stream.on("close", () => this.sockets.delete(socket));
	}
	async message({ type, access_token, item, uid }, socket) {
		this.calls.push({ method: "WS", path: type });
		if (type === "auth") {
			socket.granted = access_token === this.token;
			socket.send({ type: "auth", status: socket.granted ? "ok" : "error" });
		} else if (!socket.granted) {
			socket.send({ type: "auth", status: "error", error: { code: "AUTH_FAILED", message: "Authentication failed" } });
			socket.stream.end();
		} else if (type === "ping") {
			socket.send({ type: "pong" });
		} else if (type === "subscribe") {
			const row = this.rows.messages.get(item);
			const before = { ...row };
			while (this.websocket === "gap" && row.status !== "completed") await new Promise((next) => setTimeout(next, 5));
			if (this.websocket === "gap") return socket.send({ type: "subscription", event: "init", data: before, uid });
			socket.items.add(item);
			socket.send({ type: "subscription", event: "init", data: row ?? null, uid });
			socket.send({ type: "ping" });
		}
	}
	publish(row) {
		for (const socket of this.sockets) {
			if (socket.items.has(row.id)) socket.send({ type: "subscription", event: "update", data: [row] });
		}
	}
}
