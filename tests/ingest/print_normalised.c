/*
 * print_normalised.c - what erleah-ingest makes of a source before it is checked: for tests.
 *
 * usage: print_normalised all [options of erleah-ingest] FILE|FOLDER
 */
#include <stdio.h>
#include "convert.h"
#include "options.h"

int main(int argc, char **argv)
{
	struct convert c;
	struct options o;
	int status = options_parse(&o, argc, argv);

	if (status)
		return status - 1;
	status = convert_open(&c, o.path, -1, true, &o.given, o.quiet) < 0;
	if (!status)
		fwrite(c.text, 1, c.len, stdout);
	convert_close(&c);
	return status;
}
