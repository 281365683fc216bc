/*
 * visitor.mjs - what the checks of a running erleah-server share: a visitor that does over plain HTTP
 * what the widget does, an event stream that can be cut at any byte, and named checks.
 *
 *	const site = await Site.of(url);		// knows the conference it serves
 *	const body = await site.ask("Is there Wi-Fi?");	// rows made; the body of POST /api/chat
 *	const { id } = await site.post(body);
 *	await site.completed(id);			// its row, once completed
 */
import { randomUUID } from "node:crypto";
import http from "node:http";

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

let passed = 0, failed = 0;
export function check(name, holds, seen) {
	holds ? passed++ : failed++;
	console.log(`${holds ? "ok" : "FAILED"} ${name}${holds || seen === undefined ? "" : `: ${JSON.stringify(seen)?.slice(0, 600)}`}`);
}

/* What a group throws is a failure of its own, not the end of the others. */
export async function group(name, run) {
	try {
		await run();
	} catch (error) {
		check(name, false, error.stack);
	}
}

export function finish() {
	console.log(`${passed} passed, ${failed} failed`);
	process.exit(failed || !passed ? 1 : 0);
}

export class Site {
	static async of(url) {
		const site = new Site();
		site.url = url;
		site.conference = (await site.call("GET", "/items/conferences?limit=1")).data.data[0].id;
		return site;
	}

	/* One request; a body that is a string or bytes goes as it is. */
	async call(method, path, body, headers = {}) {
		const raw = body === undefined || typeof body === "string" || body instanceof Uint8Array;
		const response = await fetch(this.url + path, {
			method, body: raw ? body : JSON.stringify(body),
			headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
		});
		const text = await response.text();
		let data = null;
		try { data = JSON.parse(text); } catch { /* some answers are no JSON */ }
		return { status: response.status, data, text, headers: response.headers };
	}

	async must(method, path, body) {
		const answer = await this.call(method, path, body);
		if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
		return answer.data.data;
	}

	async ask(question, conversation) {
		const message_id = randomUUID();
		if (!conversation) {
			conversation = randomUUID();
			await this.must("POST", "/items/conversations", {
				id: conversation, conference_id: this.conference, user_created: "public-user", source: "mini", status: "active",
			});
		}
		await this.must("POST", "/items/messages", {
			id: message_id, conversation_id: conversation, user_created: "public-user", role: "user", messageText: question, status: "completed",
		});
		return { conversation_id: conversation, message_id, conference_id: this.conference };
	}

	async post(body, path = "/api/chat", headers = {}) {
		const answer = await this.call("POST", path, body, headers);
		return { ...answer, id: answer.data?.assistant_message_id };
	}

	row(id) {
		return this.must("GET", `/items/messages/${id}`);
	}

	async completed(id, patience_ms = 20000) {
		const end = Date.now() + patience_ms;
		for (;;) {
			const row = await this.row(id);
			if (row.status === "completed" || Date.now() > end) return row;
			await sleep(50);
		}
	}

	/*
	 * Reads the reply's events from behind `after`, cuts the connection after max_bytes, and returns
	 * the whole events that arrived: [{ id, event, data }].
	 */
	events(id, after, max_bytes = Infinity) {
		return new Promise((resolve, reject) => {
			let text = "", left = max_bytes;
			const done = () => resolve(parse_events(text));
			const request = http.get(`${this.url}/api/chat/${id}/events`, {
				agent: false, headers: { accept: "text/event-stream", ...(after && { "last-event-id": after }) },
			}, (response) => {
				if (response.statusCode !== 200) return reject(new Error(`events: ${response.statusCode}`));
				const parts = [];
				response.on("data", (bytes) => {
					parts.push(bytes.subarray(0, left));
					left -= bytes.length;
					text = Buffer.concat(parts).toString("utf8");
					if (left <= 0) {
						request.destroy();
						done();
					}
				});
				response.on("end", done);
				response.on("error", done);
			});
			request.on("error", (error) => (left <= 0 ? done() : reject(error)));
		});
	}
}

/* Only events whose closing blank line has arrived. */
export function parse_events(text) {
	return text.split("\n\n").slice(0, -1).map((block) => {
		const event = { id: "", event: "message", data: "" };
		for (const line of block.split("\n")) {
			const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
			if (name) event[name] = value;
		}
		return event;
	}).filter(({ data }) => data);
}

export const text_of = (events) => events.filter(({ event }) => event === "delta").map(({ data }) => JSON.parse(data).text).join("");
