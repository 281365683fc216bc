/*
 * embed_text.c - build tool: text files as C strings.  Usage: embed_text OUT FILE...
 *
 * A file begins with a line "version N"; what follows is the text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *path, const char *what)
{
	fprintf(stderr, "embed_text: %s: %s\n", path, what);
	return 1;
}

/* "a/respond.md" is called respond. */
static void write_name(FILE *out, const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	fprintf(out, "%.*s", (int)strcspn(name, "."), name);
}

static void write_char(FILE *out, int c)
{
	if (c == '\n')
		fputs("\\n\"\n\t\"", out);
	else if (c == '"' || c == '\\')
		fprintf(out, "\\%c", c);
	else if (c >= 0x20 && c < 0x7f)
		fputc(c, out);
	else
		fprintf(out, "\\%03o", c);
}

static int embed(FILE *out, const char *path)
{
	FILE *in = fopen(path, "rb");
	int version, c;

	if (!in)
		return fail(path, "cannot be read");
	if (fscanf(in, "version %d", &version) != 1 || fgetc(in) != '\n') {
		fclose(in);
		return fail(path, "does not begin with a line \"version N\"");
	}
	fputs("PROMPT(", out);
	write_name(out, path);
	fprintf(out, ", %d,\n\t\"", version);
	while ((c = fgetc(in)) != EOF)
		write_char(out, c);
	fputs("\")\n", out);
	fclose(in);
	return 0;
}

int main(int argc, char **argv)
{
	FILE *out = argc > 2 ? fopen(argv[1], "wb") : NULL;
	int r = 0;

	if (!out)
		return fail(argc > 1 ? argv[1] : "usage", "embed_text OUT FILE...");
	for (int i = 2; i < argc && !r; i++)
		r = embed(out, argv[i]);
	return fclose(out) == 0 ? r : fail(argv[1], "cannot be written");
}
