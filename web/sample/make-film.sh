#!/usr/bin/env bash
# Makes the shipped sample film, first-light.mp4, and its still,
# first-light.jpg, beside this script. Needs Go, ffmpeg with libx264, and the
# fonts Inter and DejaVu (Debian: ffmpeg fonts-inter fonts-dejavu-core).
# The result is kept in the repository: run this only to change the film.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
fps=25 seconds=96
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

font() { fc-match -f '%{file}' "$1"; }
light=$(font 'Inter Display:style=Light') medium=$(font 'Inter Display:style=Medium')
plain=$(font 'Inter:style=Regular') mono=$(font 'DejaVu Sans Mono')

# A digit in a cell of its own, so that the number does not jitter.
digit() { # divisor, x of the cell's middle
  printf "drawtext=fontfile=%s:fontsize=168:fontcolor=white:borderw=5:bordercolor=0x05070f@0.8:text='%%{eif\\:mod(floor(n/%s)\\,10)\\:d}':x=%s-text_w/2:y=362-max_glyph_a" "$medium" "$1" "$2"
}
number=$(digit 1000 528),$(digit 100 628),$(digit 10 728),$(digit 1 828)
title="drawtext=fontfile=$light:fontsize=56:fontcolor=white@0.95:text='First Light':x=40:y=40,\
drawtext=fontfile=$plain:fontsize=19:fontcolor=white@0.75:text='A film for checking that everybody sees the same frame':x=42:y=108"
code="drawtext=fontfile=$mono:fontsize=34:fontcolor=white@0.95:borderw=2:bordercolor=0x05070f@0.8:timecode='00\\:00\\:00\\:00':rate=$fps:x=582:y=386"

# A soft chord, and over it a beep each second, higher each ten seconds, that
# starts with the second and decays within 0.12 s.
chord="0.035*(sin(2*PI*110*t)+0.8*sin(2*PI*164.81*t)+0.6*sin(2*PI*220*t)+0.4*sin(2*PI*277.18*t))*(0.7+0.3*sin(2*PI*t/12))*min(1\\,t/3)*min(1\\,($seconds-t)/3)"
beep="0.5*sin(2*PI*if(lt(mod(t\\,10)\\,0.5)\\,1320\\,880)*t)*lt(mod(t\\,1)\\,0.12)*(1-mod(t\\,1)/0.12)"

(cd "$here/film" && go run .) | ffmpeg -hide_banner -loglevel error -y \
  -f rawvideo -pixel_format rgb24 -video_size 960x540 -framerate $fps -i - \
  -f lavfi -i "aevalsrc=exprs=$chord+$beep:s=44100:d=$seconds" \
  -vf "$title,$number,$code,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p" \
  -c:v libx264 -profile:v main -preset veryslow -tune animation -crf 27.5 -bf 0 \
  -g $fps -keyint_min $fps -sc_threshold 0 \
  -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv \
  -c:a aac -ac 1 -b:a 56k -map_metadata -1 -metadata title='First Light' \
  -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
  -t $seconds -movflags +faststart "$tmp/first-light.mp4"
ffmpeg -hide_banner -loglevel error -y -ss 52 -i "$tmp/first-light.mp4" -frames:v 1 -q:v 4 "$tmp/first-light.jpg"

bytes=$(stat -c %s "$tmp/first-light.mp4")
[ "$bytes" -lt 4000000 ] || { echo "first-light.mp4 has $bytes bytes, more than 4 MB" >&2; exit 1; }
mv "$tmp/first-light.mp4" "$tmp/first-light.jpg" "$here/"
ls -l "$here/first-light.mp4" "$here/first-light.jpg"
