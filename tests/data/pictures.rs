//! Picture files: every format, and every way in which a file can be broken, cut off or hostile.

use std::fs;
use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, GrayImage, ImageFormat, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use proptest::prelude::*;
use selvedge::data::{Fit, ImageShape, Inversion, Photo, Preparation};

const AS_MNIST: Preparation =
    Preparation { shape: ImageShape::grey(28, 28), fit: Fit::Stretch, thing: Some(Inversion::Automatic) };

/// A dark thing, wider than high, on a light background.
fn picture() -> RgbImage {
    RgbImage::from_fn(100, 80, |x, y| {
        let inside = (20..80).contains(&x) && (30..60).contains(&y);
        let texture = ((x * 7 + y * 13) % 9) as u8;
        Rgb(if inside { [30, 40 + texture, 60] } else { [230, 225, 215 + texture] })
    })
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture()).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn jpeg(set_up: impl Fn(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 85);
    set_up(&mut encoder);
    let picture = picture();
    let (width, height) = picture.dimensions();
    encoder.encode(&picture, width as u16, height as u16, ColorType::Rgb).unwrap();
    bytes
}

fn animation() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for _ in 0..3 {
        encoder.encode_frame(Frame::new(DynamicImage::from(picture()).into_rgba8())).unwrap();
    }
    drop(encoder);
    bytes
}

/// A PNG with rows in Adam7 order, unfiltered.
fn interlaced() -> Vec<u8> {
    let picture = picture();
    let passes = [[0, 8, 0, 8], [4, 8, 0, 8], [0, 4, 4, 8], [2, 4, 0, 4], [0, 2, 2, 4], [1, 2, 0, 2], [0, 1, 1, 2]];
    let mut rows = Vec::new();
    for [left, step_x, top, step_y] in passes {
        for y in (top..picture.height()).step_by(step_y as usize) {
            rows.push(0);
            rows.extend((left..picture.width()).step_by(step_x as usize).flat_map(|x| picture.get_pixel(x, y).0));
        }
    }
    png(picture.width(), picture.height(), [8, 2, 0, 0, 1], &zlib(&rows), &[])
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A PNG made from a form (depth, colour, compression, filter and interlacing), pixels, and chunks in front of them.
fn png(width: u32, height: u32, form: [u8; 5], pixels: &[u8], chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &form].concat();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8; 4], content: &[u8]| {
        let named = [kind, content].concat();
        let mut sum = flate2::Crc::new();
        sum.update(&named);
        bytes.extend([&(content.len() as u32).to_be_bytes()[..], &named, &sum.sum().to_be_bytes()].concat());
    };
    chunk(b"IHDR", &header);
    chunks.iter().for_each(|(kind, content)| chunk(kind, content));
    chunk(b"IDAT", pixels);
    chunk(b"IEND", &[]);
    bytes
}

/// Every format, by name.
fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("PNG", encoded(ImageFormat::Png)),
        ("interlaced PNG", interlaced()),
        ("WebP", encoded(ImageFormat::WebP)),
        ("GIF", encoded(ImageFormat::Gif)),
        ("animated GIF", animation()),
        ("BMP", encoded(ImageFormat::Bmp)),
        ("TIFF", encoded(ImageFormat::Tiff)),
        ("JPEG", jpeg(|_| ())),
        ("JPEG, 4:2:0", jpeg(|e| e.set_sampling_factor(SamplingFactor::R_4_2_0))),
        ("JPEG with restarts", jpeg(|e| e.set_restart_interval(3))),
        ("progressive JPEG", jpeg(|e| e.set_progressive(true))),
        ("optimised JPEG", jpeg(|e| e.set_optimized_huffman_tables(true))),
    ]
}

fn read(bytes: &[u8]) -> Result<Photo, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some picture");
    fs::write(&path, bytes).unwrap();
    let read = Photo::read(&path, AS_MNIST).map_err(|e| e.to_string());
    read.inspect_err(|error| assert!(error.contains("some picture"), "the file is named in: {error}"))
}

#[test]
fn every_format_gives_the_same() {
    let expected = read(&encoded(ImageFormat::Png)).unwrap();
    assert!(expected.inverted && expected.size == [100, 80]);
    for (name, bytes) in all() {
        let photo = read(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((photo.size, photo.inverted), (expected.size, expected.inverted), "{name}");
        let off = photo.pixels.iter().zip(&expected.pixels).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(off < Some(40), "{name}: {off:?}");
    }
}

#[test]
fn sixteen_bits_greys_and_palettes_are_read() {
    let expected = read(&encoded(ImageFormat::Png)).unwrap();
    let picture = DynamicImage::from(picture());
    for (form, picture) in [
        ("16 bits", DynamicImage::from(picture.to_rgb16())),
        ("16 bits and transparency", picture.to_rgba16().into()),
        ("16 bits of grey", picture.to_luma16().into()),
        ("grey", picture.to_luma8().into()),
        ("grey and transparency", picture.to_luma_alpha8().into()),
    ] {
        for format in [ImageFormat::Png, ImageFormat::Tiff] {
            // The TIFF encoder does not support grey with transparency.
            if format == ImageFormat::Tiff && form == "grey and transparency" {
                continue;
            }
            let mut bytes = Cursor::new(Vec::new());
            picture.write_to(&mut bytes, format).unwrap();
            let photo = read(bytes.get_ref()).unwrap_or_else(|e| panic!("{form}, {format:?}: {e}"));
            let off = photo.pixels.iter().zip(&expected.pixels).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(photo.inverted && off < Some(40), "{form}, {format:?}: {off:?}");
        }
    }
}

#[test]
fn a_picture_cut_off_anywhere_is_refused() {
    for (name, bytes) in all() {
        let every = (bytes.len() / 120).max(1);
        for length in (0..bytes.len()).filter(|n| n % every == 0 || n + 30 > bytes.len() || *n < 200) {
            let read = read(&bytes[..length]);
            assert!(read.is_err(), "{name}: {length} of {} bytes are taken for a picture", bytes.len());
        }
        let half = read(&bytes[..bytes.len() * 2 / 3]).unwrap_err();
        assert!(half.contains("cut off") || half.contains("end of file"), "{name}: {half}");
    }
}

/// The positions of the markers of this kind in a JPEG file, in order.
fn marks(bytes: &[u8], kind: u8) -> Vec<usize> {
    (2..bytes.len() - 1).filter(|i| bytes[*i] == 0xff && bytes[*i + 1] == kind).collect()
}

#[test]
fn a_jpeg_cut_off_inside_is_refused_though_it_has_an_end() {
    for (name, bytes) in all().into_iter().filter(|(name, _)| name.contains("JPEG")) {
        let start = *marks(&bytes, 0xda).last().unwrap() + 20;
        // The last bits may be padding.
        for length in (start..bytes.len() - 6).step_by(7) {
            let ended = [&bytes[..length], b"\xff\xd9"].concat();
            assert!(read(&ended).is_err(), "{name}: {length} of {} bytes", bytes.len());
        }
    }
    // Whole scans are missing.
    let progressive = jpeg(|e| e.set_progressive(true));
    let scans = marks(&progressive, 0xda);
    assert!(scans.len() > 2, "{scans:?}");
    for scan in &scans[1..] {
        let error = read(&[&progressive[..*scan], b"\xff\xd9"].concat()).unwrap_err();
        assert!(error.contains("scans are missing"), "{error}");
    }
    // Data that a phone appends after the picture is ignored.
    let bytes = [jpeg(|_| ()), b"a film".to_vec()].concat();
    read(&bytes).unwrap();
}

#[test]
fn a_claim_of_size_costs_nothing() {
    let refused = |bytes: &[u8], parts: &[&str]| {
        let error = read(bytes).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "'{part}' is not in: {error}");
        }
    };
    let mut claims = jpeg(|_| ());
    let header = marks(&claims, 0xc0)[0];
    claims[header + 5..header + 9].fill(0xff);
    refused(&claims, &["65535x65535", "134 million", "smaller"]);

    let rows = zlib(&[0; 1000]);
    refused(&png(60_000, 60_000, [8, 2, 0, 0, 0], &rows, &[]), &["60000x60000", "134 million"]);
    refused(&png(70_000, 1, [8, 2, 0, 0, 0], &rows, &[]), &["70000x1", "65535 a side"]);
    refused(&png(11_000, 11_000, [16, 6, 0, 0, 0], &rows, &[]), &["not have enough data"]);

    let mut claims = encoded(ImageFormat::Bmp);
    claims[18..22].copy_from_slice(&30_000_u32.to_le_bytes());
    claims[22..26].copy_from_slice(&30_000_u32.to_le_bytes());
    refused(&claims, &["30000x30000"]);
    let mut claims = encoded(ImageFormat::Gif);
    claims[6..10].fill(0xff);
    refused(&claims, &["65535x65535"]);

    // 14 bits each for width - 1 and height - 1, after the signature of a lossless picture.
    let mut claims = encoded(ImageFormat::WebP);
    assert_eq!((&claims[12..16], claims[20]), (&b"VP8L"[..], 0x2f));
    let header = (u32::from(claims[24]) & 0xf0) << 24 | 16_382 << 14 | 16_382;
    claims[21..25].copy_from_slice(&header.to_le_bytes());
    refused(&claims, &["16383x16383", "134 million"]);
    // The entries for width (256) and height (257): one 32-bit number each. The refusal may come from the decoder.
    let mut claims = encoded(ImageFormat::Tiff);
    for tag in [256_u16, 257] {
        let entry = [&tag.to_ne_bytes()[..], &4_u16.to_ne_bytes(), &1_u32.to_ne_bytes()].concat();
        let at = claims.windows(8).position(|bytes| bytes == entry).unwrap();
        claims[at + 8..at + 12].copy_from_slice(&30_000_u32.to_ne_bytes());
    }
    refused(&claims, &[]);
}

#[test]
fn a_jpeg_of_countless_scans_or_notes_is_refused() {
    let bytes = jpeg(|e| e.set_progressive(true));
    let end = bytes.len() - 2;
    let last_scan = &bytes[*marks(&bytes, 0xda).last().unwrap()..end];
    let with_scans = |more: usize| [&bytes[..end], &last_scan.repeat(more), &bytes[end..]].concat();
    let error = read(&with_scans(500)).unwrap_err();
    assert!(error.contains("more than 500 scans"), "{error}");

    // Empty notes: for each, a decoder uses more memory than its four bytes.
    let with_notes = |count: usize| [&bytes[..2], &b"\xff\xe2\0\x02".repeat(count), &bytes[2..]].concat();
    read(&with_notes(1000)).unwrap();
    let error = read(&with_notes(7 << 20)).unwrap_err();
    assert!(error.contains("to decode"), "{error}");
}

#[test]
fn chunks_that_are_no_pixels_cost_nothing() {
    let picture = DynamicImage::from(picture()).into_luma8();
    let rows: Vec<u8> = picture.rows().flat_map(|row| std::iter::once(0).chain(row.map(|p| p.0[0]))).collect();
    let form = [8, 0, 0, 0, 0];
    // A text and a colour profile that unpack to 100 MB each, and a large camera note.
    let packed = zlib(&vec![0; 100 << 20]);
    let bomb = [b"x\0\0".to_vec(), packed].concat();
    let chunks = [(b"zTXt", bomb.clone()), (b"iCCP", bomb), (b"eXIf", vec![7; 4 << 20])];
    let photo = read(&png(100, 80, form, &zlib(&rows), &chunks)).unwrap();
    assert_eq!(photo, read(&png(100, 80, form, &zlib(&rows), &[])).unwrap());
    // One row too few.
    assert!(read(&png(100, 80, form, &zlib(&rows[..rows.len() - 101]), &[])).is_err());
}

#[test]
fn what_is_no_picture_says_so() {
    for (bytes, part) in [
        (&b""[..], "empty"),
        (b"<svg/>", "no PNG, JPEG"),
        (b"\0\0\0\x18ftypheic", "no PNG, JPEG"),
        (b"\xff\xd8\xff\xd9", "no header"),
        (b"GIF89a", "cut off"),
    ] {
        let error = read(bytes).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let error = Photo::read(folder.path(), AS_MNIST).unwrap_err().to_string();
    assert!(error.contains("a folder"), "{error}");
}

#[test]
fn a_large_picture_is_read_as_a_small_one_is() {
    // Nineteen times the side: blocks of pixels are averaged while it is decoded.
    let large = image::imageops::resize(&picture(), 1900, 1520, image::imageops::FilterType::Nearest);
    let expected = read(&encoded(ImageFormat::Png)).unwrap();
    let mut png = Cursor::new(Vec::new());
    large.write_to(&mut png, ImageFormat::Png).unwrap();
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, 90).encode(&large, 1900, 1520, ColorType::Rgb).unwrap();
    for bytes in [png.into_inner(), jpeg] {
        let photo = read(&bytes).unwrap();
        assert_eq!((photo.size, photo.inverted), ([1900, 1520], true));
        let off = photo.pixels.iter().zip(&expected.pixels).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(off < Some(60), "{off:?}");
    }
    let grey = GrayImage::from_fn(1100, 900, |x, y| image::Luma([if x < 400 && y < 300 { 255 } else { 0 }]));
    let mut png = Cursor::new(Vec::new());
    grey.write_to(&mut png, ImageFormat::Png).unwrap();
    assert!(!read(png.get_ref()).unwrap().inverted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Damaged files are refused or read, without a panic.
    #[test]
    fn no_changed_bytes_make_it_panic(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        in_front in any::<bool>(),
    ) {
        for (_, mut bytes) in all() {
            // Headers are at the front.
            let length = if in_front { bytes.len().min(600) } else { bytes.len() };
            for (at, value) in &changes {
                bytes[at.index(length)] = *value;
            }
            let _ = read(&bytes);
        }
    }
}
