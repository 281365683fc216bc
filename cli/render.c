/*
 * render.c - see render.h.
 */
#include "render.h"

#include <limits.h>
#include <string.h>
#include <wctype.h>
#include "text.h"

#define MAX_INDENT  8
#define REPLACEMENT 0xfffd

void render_begin(struct render *r, FILE *out, int columns, bool styled)
{
	*r = (struct render){ .out = out, .columns = columns, .styled = styled, .at_start = true };
}

/* --- Words to lines ------------------------------------------------------------ */

static void print_blanks(struct render *r, int n)
{
	fprintf(r->out, "%*s", n, "");
	r->column += n;
}

static void new_line(struct render *r)
{
	fputc('\n', r->out);
	r->column = 0;
	print_blanks(r, r->indent);
}

/* Prints the word that is complete, on this line or the next. */
static void flush_word(struct render *r)
{
	bool blank = r->separate && r->column > r->indent;

	if (r->word_columns) {
		if (r->columns && r->column > r->indent &&
		    r->column + blank + r->word_columns > r->columns)
			new_line(r);
		else if (blank)
			print_blanks(r, 1);
		r->separate = false;
		r->printed = true;
	}
	fwrite(r->word, 1, r->word_bytes, r->out);
	r->column += r->word_columns;
	r->word_bytes = 0;
	r->word_columns = 0;
}

static void add_bytes(struct render *r, const char *bytes, size_t n)
{
	if (r->word_bytes + n > sizeof(r->word))
		flush_word(r);
	memcpy(r->word + r->word_bytes, bytes, n);
	r->word_bytes += n;
}

static void add_char(struct render *r, wchar_t c)
{
	char bytes[MB_LEN_MAX];
	mbstate_t state = { 0 };
	size_t n = wcrtomb(bytes, c, &state);

	if (n == (size_t)-1)
		return;
	/* Scripts without blanks may break before any wide character. */
	if (text_char_width(c) == 2)
		flush_word(r);
	add_bytes(r, bytes, n);
	r->word_columns += text_char_width(c);
}

static void add_style(struct render *r)
{
	char sequence[24];
	int n;

	if (!r->styled)
		return;
	n = snprintf(sequence, sizeof(sequence), "\033[0%s%s%sm", r->bold || r->heading ? ";1" : "",
		     r->italic ? ";3" : "", r->code ? ";2" : "");
	add_bytes(r, sequence, (size_t)n);
}

/* --- Characters to words ---------------------------------------------------------- */

static bool is_blank(wchar_t c)
{
	return c == 0 || c == ' ' || c == '\n';
}

/* What the run of stars between r->last and `next` means: a change of style, or stars. */
static void settle_stars(struct render *r, wchar_t next)
{
	int n = r->stars;
	bool *style = n == 2 ? &r->bold : &r->italic;
	bool opens = !is_blank(next) && (n == 2 || !iswalnum(r->last));
	bool closes = !is_blank(r->last);

	r->stars = 0;
	if (n == 3 && !r->bold && !r->italic && opens) {
		r->bold = r->italic = true;
		add_style(r);
	} else if (n == 3 && r->bold && r->italic && closes) {
		r->bold = r->italic = false;
		add_style(r);
	} else if (n <= 2 && (*style ? closes : opens)) {
		*style = !*style;
		add_style(r);
	} else {
		for (; n; n--)
			add_char(r, '*');
		r->last = '*';
	}
}

static void inline_char(struct render *r, wchar_t c)
{
	if (c == '*' && !r->code) {
		r->stars++;
		return;
	}
	if (r->stars)
		settle_stars(r, c);
	if (c == '`') {
		r->code = !r->code;
		add_style(r);
	} else if (c == ' ') {
		flush_word(r);
		r->separate = true;
	} else {
		add_char(r, c);
	}
	r->last = c;
}

/* --- Lines --------------------------------------------------------------------- */

static void end_line(struct render *r)
{
	if (r->stars)
		settle_stars(r, '\n');
	if (r->heading || r->bold || r->italic || r->code) {
		r->heading = r->bold = r->italic = r->code = false;
		add_style(r);
	}
	flush_word(r);
	r->separate = false;
	r->last = 0;
	if (r->ends < 2)
		r->ends++;
	r->at_start = true;
	r->n_marker = r->blanks = 0;
}

/* The line has something on it: the line ends owed are printed now. */
static void begin_line(struct render *r, bool item)
{
	r->at_start = false;
	if (item)
		r->indent = r->blanks < MAX_INDENT ? r->blanks : MAX_INDENT;
	else if (!r->blanks || r->ends > 1)
		r->indent = 0;
	for (; r->ends && r->printed; r->ends--) {
		fputc('\n', r->out);
		r->column = 0;
	}
	r->ends = 0;
	print_blanks(r, r->indent - r->column);
}

static void begin_item(struct render *r)
{
	bool bullet = !iswdigit(r->marker[0]);

	begin_line(r, true);
	if (bullet && r->styled)
		add_char(r, 0x2022);
	else if (bullet)
		add_char(r, '-');
	else
		for (int i = 0; i < r->n_marker; i++)
			add_char(r, r->marker[i]);
	flush_word(r);
	r->indent = r->column + 1;
	r->separate = false;
	print_blanks(r, 1);
}

/* The marker was none: its characters are text. */
static void begin_text(struct render *r)
{
	begin_line(r, false);
	for (int i = 0; i < r->n_marker; i++)
		inline_char(r, r->marker[i]);
}

enum marker { MARKER_NO, MARKER_MAYBE, MARKER_ITEM, MARKER_HEADING };

/* What the line's first characters and c are. */
static enum marker marker_with(const struct render *r, wchar_t c)
{
	wchar_t first = r->n_marker ? r->marker[0] : c;
	wchar_t last = r->n_marker ? r->marker[r->n_marker - 1] : 0;

	if (r->n_marker >= 7)
		return MARKER_NO;
	if (first == '#')
		return c == '#' ? MARKER_MAYBE : c == ' ' ? MARKER_HEADING : MARKER_NO;
	if (first == '-' || first == '*' || first == 0x2022)
		return !r->n_marker ? MARKER_MAYBE : c == ' ' ? MARKER_ITEM : MARKER_NO;
	if (!iswdigit(first))
		return MARKER_NO;
	if (iswdigit(c))
		return iswdigit(last) || !r->n_marker ? MARKER_MAYBE : MARKER_NO;
	if (c == '.' || c == ')')
		return iswdigit(last) && r->n_marker <= 3 ? MARKER_MAYBE : MARKER_NO;
	return c == ' ' && !iswdigit(last) ? MARKER_ITEM : MARKER_NO;
}

static void start_char(struct render *r, wchar_t c)
{
	if (c == ' ' && !r->n_marker) {
		r->blanks++;
		return;
	}
	switch (marker_with(r, c)) {
	case MARKER_MAYBE:
		r->marker[r->n_marker++] = c;
		break;
	case MARKER_ITEM:
		begin_item(r);
		break;
	case MARKER_HEADING:
		begin_line(r, false);
		r->heading = true;
		add_style(r);
		break;
	case MARKER_NO:
		begin_text(r);
		inline_char(r, c);
		break;
	}
}

static void one_char(struct render *r, wchar_t c)
{
	if (c == '\t')
		c = ' ';
	if (c == '\n') {
		if (r->at_start && r->n_marker)
			begin_text(r);
		end_line(r);
	} else if (!text_allowed(c)) {
		return;
	} else if (r->at_start) {
		start_char(r, c);
	} else {
		inline_char(r, c);
	}
}

/* --- Pieces -------------------------------------------------------------------------- */

/* A byte at a time, so that pieces make no difference.  False: the byte was not part of what it followed. */
static bool one_byte(struct render *r, const char *byte)
{
	bool began = r->decoding_began;
	wchar_t c;
	size_t n = mbrtowc(&c, byte, 1, &r->decoding);

	r->decoding_began = n == (size_t)-2;
	if (n == (size_t)-2)
		return true;
	if (n != (size_t)-1) {
		one_char(r, c);
		return true;
	}
	r->decoding = (mbstate_t){ 0 };
	one_char(r, REPLACEMENT);
	return !began;
}

void render_text(struct render *r, const char *text, size_t len)
{
	for (size_t i = 0; i < len;)
		i += one_byte(r, text + i);
	fflush(r->out);
}

void render_end(struct render *r)
{
	if (r->decoding_began)
		one_char(r, REPLACEMENT);
	if (r->at_start && r->n_marker)
		begin_text(r);
	if (!r->at_start)
		end_line(r);
	if (r->printed)
		fputc('\n', r->out);
	fflush(r->out);
}
