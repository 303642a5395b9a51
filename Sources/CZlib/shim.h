#include <zlib.h>

/* inflateInit2 is a macro, which Swift does not see. A negative window means deflate without a header, as zip has it. */
static inline int czlib_begin(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }
