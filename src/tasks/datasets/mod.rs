//! Readers of images on disk, in the layouts in which they are downloaded.
//!
//! | reader | layout |
//! |---|---|
//! | [`omniglot`] | `images_background/<Alphabet>/character<NN>/<id>_<drawer>.png` |
//! | [`cifar_fs`] | `cifar100/data/<class>/*.png`, `cifar100/splits/bertinetto/{train,val,test}.txt` |
//! | [`mini_imagenet`] | `images/*.jpg`, `{train,val,test}.csv` with the header `filename,label` |
//! | [`class_folders`] | `<class>/*.{png,jpg,jpeg}` |
//!
//! Each reads a [`Source`]: a zip archive, or the folder that it unpacks to; leading folders may be there or not. Classes
//! are sorted by name and images by file name, so both give the same dataset on every machine.
//!
//! ```
//! use metatape::tasks::datasets::{Source, class_folders};
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path();
//! # for (class, shade) in [("dark", 10_u8), ("light", 200)] {
//! #     std::fs::create_dir(path.join(class))?;
//! #     image::GrayImage::from_pixel(5, 4, image::Luma([shade])).save(path.join(class).join("1.png"))?;
//! # }
//!
//! let images = class_folders(&mut Source::open(path)?, [2, 2, 1], |done, total| println!("{done} of {total}"))?;
//! assert_eq!((images.classes(), images.name(1)), (2, "light"));
//! assert_eq!(images.image(1, 0), [200; 4]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What comes from outside is not trusted
//!
//! Nothing is unpacked to disk, and no name in an archive or a list is used as a path. Members whose name leads out of the
//! archive, members that overlap, files above 32 MiB and images above 16,384 pixels a side or 64 MiB are refused, before
//! memory is taken for them. Damage gives a [`DatasetError`] that names the file.
//!
//! [`DatasetError`]: super::DatasetError

mod archive;
mod cifar_fs;
mod class_folders;
mod decode;
mod folder;
mod image_list;
mod load;
mod mini_imagenet;
mod omniglot;
mod source;
mod split;

pub use cifar_fs::cifar_fs;
pub use class_folders::class_folders;
pub use image_list::ImageList;
pub use mini_imagenet::mini_imagenet;
pub use omniglot::omniglot;
pub use source::Source;
pub use split::Split;
