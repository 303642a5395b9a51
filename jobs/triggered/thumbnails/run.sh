#!/bin/bash
# A picture goes in, thumbnails come out: NAME-160.jpg, NAME-480.jpg … in the item's results.
set -euo pipefail

# The picture is always read from standard input, never by its name: ImageMagick gives names such as
# "msl:x" or "a[1-9].png" a meaning of their own, and takes a text file called x.txt for a picture.
picture=$1

if ! command -v identify > /dev/null; then
    echo "ImageMagick is missing; install it: apt-get install imagemagick" >&2
    exit 127                                        # the job is broken, not the file
fi

if ! facts=$(identify -format '%m %w %h' '-[0]' < "$picture" 2> /dev/null); then
    echo "$BOBBIN_NAME is not a picture that ImageMagick can read" >&2
    exit 65                                         # the file is bad: no retry can help
fi
read -r format width height <<< "$facts"

case $format in
    JPEG | PNG | GIF | WEBP | TIFF | BMP | HEIC) ;;
    *) echo "$BOBBIN_NAME is of type $format, which this job does not take" >&2; exit 65 ;;
esac

name=${BOBBIN_NAME%.*}
echo "format=$format"         > "$BOBBIN_OUTPUT"
echo "width=$width"          >> "$BOBBIN_OUTPUT"
echo "height=$height"        >> "$BOBBIN_OUTPUT"

for size in $THUMBNAIL_SIZES; do
    thumbnail=$BOBBIN_RESULTS/$name-$size.jpg
    # ">" only ever shrinks; transparency becomes white; -thumbnail drops camera data such as the place.
    convert '-[0]' -auto-orient -thumbnail "${size}x$size>" -background white -flatten -quality 82 jpg:- \
        < "$picture" > "$thumbnail"
    dimensions=$(identify -format '%wx%h' - < "$thumbnail")
    echo "thumbnail_$size=$dimensions" >> "$BOBBIN_OUTPUT"
    echo "$name-$size.jpg: $dimensions"
done
