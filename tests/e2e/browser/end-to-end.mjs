/*
 * end-to-end.mjs: the page of a running server, its real answers, and the rows they end in: in the
 * server's own store, or in a real Directus. Nothing is pretended but, where it says so, a failure.
 */
import assert from "node:assert/strict";
import { sleep } from "./chromium.mjs";
import { ask, contrasts, done, last, unnamed, with_site } from "./steps.mjs";

const ANSWER_MS = 60000;

export function end_to_end({ page_url, directus, token, site_port, slow }) {
	const page_at = page_url.replace(/\/+$/, ""), rows_at = (directus ?? page_url).replace(/\/+$/, "");

	async function rows(path) {
		const response = await fetch(`${rows_at}/items/${path}`, { headers: token ? { Authorization: `Bearer ${token}` } : {} });
		assert.equal(response.status, 200, `GET /items/${path}`);
		return (await response.json()).data;
	}

	/* The page as the server would write it for these attributes; what it has set itself stays. */
	async function page_with(attributes) {
		const response = await fetch(`${page_at}/`);
		assert.equal(response.status, 200, "the page");
		let html = await response.text();
		for (const [name, value] of Object.entries(attributes)) {
			html = html.includes(`data-${name}=""`) ? html.replace(`data-${name}=""`, `data-${name}="${value}"`)
				: name === "live" ? html.replace("<erleah-widget ", `<erleah-widget data-live="${value}" `) : html;
		}
		const more = directus ? ` ${new URL(directus).origin} ${new URL(directus).origin.replace(/^http/, "ws")}` : "";
		const policy = response.headers.get("content-security-policy")?.replace("connect-src 'self'", `connect-src 'self'${more}`);
		return { status: 200, headers: { "Content-Type": "text/html; charset=utf-8", ...(policy && { "Content-Security-Policy": policy }) }, body: html };
	}

	async function with_page(browser, options, work, attributes = directus && { directus: rows_at, token: token ?? "" }) {
		const page = await browser.page(options);
		try {
			if (attributes) {
				const html = await page_with(attributes);
				await page.intercept(`${page_at}/`, "GET", (request) => (request.url === `${page_at}/` ? html : null));
			}
			await page.goto(`${page_at}/`);
			await work(page);
			assert.deepEqual(page.errors, [], "errors in the page");
		} finally {
			await page.close();
		}
	}

	/* A question the page itself proposes, and so one that this conference can answer. */
	async function sample(page) {
		await page.until(() => document.querySelectorAll("#questions button").length > 3, "samples from the conference's records");
		return page.run(() => find(".hello .chip").textContent);
	}
	const started = () => ["answering", "done"].includes(document.querySelector("erleah-widget").transcript.at(-1)?.phase);

	async function ended(page) {
		await page.until(done, "the end of the answer", ANSWER_MS);
		const turn = await page.run(last), row = await rows(`messages/${turn.reply}`);
		assert.equal(row.status, "completed");
		assert.equal(row.role, "assistant");
		assert.ok(turn.text.trim(), "the answer says something");
		assert.equal(turn.text, row.messageText, "the text on the page is the row's, to the byte");
		return { turn, row };
	}

	const checks = {
		"words arrive over the WebSocket before the end, and the end is the row's text": (b) => with_page(b, {}, async (page) => {
			await ask(page, await sample(page));
			const { turn } = await ended(page);
			const events = page.frames.map((f) => JSON.parse(f)).filter((m) => m.type === "subscription")
				.map((m) => [].concat(m.data ?? [])[0]).filter((r) => r?.id === turn.reply);
			const early = events.filter((r) => r.status === "streaming" && r.messageText);
			assert.ok(early.some((r) => r.messageText.length < turn.text.length), `a part of the text came before the end (${events.map((r) => `${r.status} ${r.messageText.length}`).join(", ")})`);
			assert.ok(events.some((r) => r.status === "completed" && r.messageText === turn.text), "the WebSocket brought the end");
		}),
		"references lead to records": (b) => with_page(b, {}, async (page) => {
			await ask(page, await sample(page));
			await ended(page);
			await page.until(() => find(".cards"), "the cards");
			const { references } = await page.run(last);
			for (const { type, id, name } of references) {
				if (type === "info") continue;
				const record = await rows(`${type}s/${id}`);
				assert.ok([record.name, record.title].includes(name), `${name} is the record's name`);
			}
			await page.click("details.card summary");
			await page.until(() => find("details[open] .facts"), "the details of a card");
		}),
		"a reload in mid-answer ends on exactly the same text": (b) => with_page(b, {}, async (page) => {
			await ask(page, await sample(page));
			await page.until(started, "an accepted question", ANSWER_MS);
			const { reply } = await page.run(last);
			await page.reload();
			const { turn } = await ended(page);
			assert.equal(turn.reply, reply, "the same reply, joined again");
			await page.reload();
			await page.until(() => find(".answer")?.textContent, "the answer after another reload");
			assert.equal((await page.run(last)).text, turn.text);
		}),
		"stop ends the answer, and what was said stays": (b) => with_page(b, {}, async (page) => {
			await ask(page, await sample(page));
			await page.until(() => document.querySelector("erleah-widget").transcript.at(-1)?.reply && (find(".go").click(), true), "a reply to stop", ANSWER_MS);
			await page.until(done, "the end", ANSWER_MS);
			const turn = await page.run(last), row = await rows(`messages/${turn.reply}`);
			assert.equal(row.status, "completed");
			assert.equal(turn.text, row.messageText ?? "");
			assert.ok(["stopped", ...(slow ? [] : ["ok"])].includes(turn.outcome), `outcome ${turn.outcome}`);
		}),
		"a question sent twice is asked once": (b) => with_page(b, {}, async (page) => {
			let lost = 0;
			const question = await sample(page);
			await page.intercept("/api/chat", "POST", async (request) => {
				if (lost++ || !request.url.endsWith("/api/chat")) return null;
				const response = await fetch(request.url, { method: "POST", headers: { "Content-Type": "application/json" }, body: request.postData });
				assert.equal(response.status, 200);
				return { status: 503, headers: { "Retry-After": "1" }, body: "{}" }; /* a proxy that loses the answer */
			});
			await ask(page, question);
			const { row } = await ended(page);
			assert.ok(lost >= 2, "it was sent again");
			const all = await rows(`messages?filter[conversation_id][_eq]=${row.conversation_id}&limit=20`);
			assert.deepEqual(all.map((r) => r.role).sort(), ["assistant", "user"]);
		}),
		"a second question continues the conversation": (b) => with_page(b, {}, async (page) => {
			await ask(page, await sample(page));
			const first = await ended(page);
			await ask(page, "And tomorrow?");
			await page.until(() => document.querySelector("erleah-widget").transcript.length === 2, "a second turn");
			const second = await ended(page);
			assert.notEqual(second.turn.reply, first.turn.reply);
			assert.equal(second.row.conversation_id, first.row.conversation_id);
		}),
		"the keyboard is enough": (b) => with_page(b, {}, async (page) => {
			const question = await sample(page);
			const focused = () => document.activeElement?.shadowRoot?.activeElement?.localName;
			for (let i = 0; i < 40 && (await page.run(focused)) !== "textarea"; i++) await page.key("Tab");
			await page.type(question);
			await page.key("Enter");
			await ended(page);
			assert.equal(await page.run(focused), "textarea");
		}),
		"hostile text stays text": (b) => with_page(b, {}, async (page) => {
			await sample(page);
			await ask(page, "<img src=x onerror=window.hit=1> [x](javascript:window.hit=2) <script>window.hit=3</script>");
			await ended(page);
			assert.equal(await page.run(() => window.hit), undefined);
			assert.equal(await page.run(() => find(".log").querySelectorAll("img, script, a[href^=javascript]").length), 0);
		}),
		"controls are named and contrast is enough": async (b) => {
			for (const dark of [false, true]) {
				await with_page(b, { dark }, async (page) => {
					await ask(page, await sample(page));
					await ended(page);
					await sleep(200);
					assert.deepEqual(await unnamed(page), []);
					assert.deepEqual(await page.run(contrasts), []);
				});
			}
		},
		"nothing sticks out at 360 pixels": (b) => with_page(b, { width: 360, height: 640, touch: true }, async (page) => {
			await ask(page, await sample(page));
			await ended(page);
			assert.deepEqual(await page.run(() => [document.documentElement, find(".log"), find(".panel")].map((n) => n.scrollWidth - n.clientWidth)), [0, 0, 0]);
		}),
		"feedback is taken": (b) => with_page(b, {}, async (page) => {
			await ask(page, await sample(page));
			await ended(page);
			await page.click('.foot [aria-label="Helpful"]');
			assert.match(await page.until(() => find(".foot .remark").textContent, "a thank-you"), /Thank you/);
		}),
		"the assistant's event stream brings the same": (b) => with_page(b, {}, async (page) => {
			await ask(page, await sample(page));
			await ended(page);
			assert.ok(page.requests.some((r) => r.url.endsWith("/events")), "the stream was opened");
			assert.deepEqual(page.frames, [], "no WebSocket");
		}, { ...(directus && { directus: rows_at, token: token ?? "" }), live: "events" }),
	};
	if (site_port) {
		const more = `data-api="${page_at}" data-directus="${rows_at}" data-token="${token ?? ""}"`;
		checks["in another site's page, as a bubble"] = (b) => with_site({ src: `${page_at}/erleah-widget.js`, more }, async (url) => {
			const page = await b.page();
			try {
				await page.goto(url);
				await page.click(".launch");
				await ask(page, "What is on tomorrow morning?");
				await ended(page);
				assert.deepEqual(page.errors, [], "errors in the page");
			} finally {
				await page.close();
			}
		}, Number(site_port));
	}
	return checks;
}
